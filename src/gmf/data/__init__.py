"""Samples to batches: images, alignment, collation; needs no tensor library."""
