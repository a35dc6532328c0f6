"""Scores that can be compared: counting rules, analyses, significance, tables."""
