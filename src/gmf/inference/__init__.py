"""Samples to predictions, whatever computes; needs no tensor library."""
