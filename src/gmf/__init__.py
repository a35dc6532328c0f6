"""gmf: multimodal named entity recognition."""
