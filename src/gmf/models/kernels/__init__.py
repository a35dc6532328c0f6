"""Arithmetic written for speed, each beside a plain twin that a test holds equal."""
