"""Pretrained encoders that install as ordinary packages: catalogue, installation, names."""
