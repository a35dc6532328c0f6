"""Evaluations for reading: tables, charts, pages."""
