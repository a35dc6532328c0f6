"""Pretrained encoders that install as ordinary packages: catalogue, installation, resolution of names."""
