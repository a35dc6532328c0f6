"""A trained model as a folder or hub repository that others can load, with its card."""
