"""Prediction of files: inputs, outputs, and jobs that a kill only interrupts."""
