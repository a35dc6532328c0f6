"""Files to batches: readers, images, regions, alignment, statistics, checks."""
