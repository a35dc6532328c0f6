"""The gmf command."""
