"""Tests for models of others: tiny encoders, synthetic samples, and what every model must do."""

from gmf.testing.batches import tiny_batch
from gmf.testing.encoders import save_tiny_encoders, tiny_image_encoder, tiny_text_encoder
from gmf.testing.processors import tiny_image_processor, tiny_tokenizer
from gmf.testing.samples import synthetic_samples
from gmf.testing.taggers import tiny_checkpoint, tiny_tagger

__all__ = [
    "save_tiny_encoders",
    "synthetic_samples",
    "tiny_batch",
    "tiny_checkpoint",
    "tiny_image_encoder",
    "tiny_image_processor",
    "tiny_tagger",
    "tiny_text_encoder",
    "tiny_tokenizer",
]
