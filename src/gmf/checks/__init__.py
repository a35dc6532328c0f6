"""Checks of a data set: can it be trained on, what is irregular in it, which release it is."""
