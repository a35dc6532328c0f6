"""The analyses of an evaluation, a file each, found by name."""
