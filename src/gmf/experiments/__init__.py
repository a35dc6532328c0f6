"""Presets, the demo, and the paper's comparison as one suite."""
