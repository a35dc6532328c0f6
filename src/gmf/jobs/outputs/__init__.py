"""Results as files: JSON lines, Parquet, CoNLL, Label Studio, brat and spaCy."""
