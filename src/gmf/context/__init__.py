"""The context of images, found: captions, and the text that stands in them."""
