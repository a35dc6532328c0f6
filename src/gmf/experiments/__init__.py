"""Presets, scoring of runs, and the paper's comparison as one suite."""
