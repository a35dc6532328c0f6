"""The systems that the paper compares with, assembled from the shared modules."""
