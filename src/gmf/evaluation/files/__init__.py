"""Prediction files of any system: read, aligned with the gold, written."""
