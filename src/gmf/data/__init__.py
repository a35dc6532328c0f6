"""Files to batches: readers, images, tokens, alignment, collation; needs no tensor library."""
