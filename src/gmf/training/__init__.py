"""Optimisation, the training loop and its callbacks."""
