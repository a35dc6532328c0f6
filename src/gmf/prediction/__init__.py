"""A trained model in use: pipeline, files, export."""
