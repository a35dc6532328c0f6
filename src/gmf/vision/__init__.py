"""Posts' images as tensors: views from files or caches, prepared for an image encoder."""
