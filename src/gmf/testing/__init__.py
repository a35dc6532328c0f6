"""What every model must do, as checks of yours or ours, with tiny encoders and samples."""

from gmf.testing.batches import tiny_batch
from gmf.testing.contract import ModelCheck, check_model, model_checks
from gmf.testing.encoders import save_tiny_encoders, tiny_image_encoder, tiny_text_encoder
from gmf.testing.processors import tiny_image_processor, tiny_tokenizer
from gmf.testing.samples import mixed_samples, synthetic_samples
from gmf.testing.subject import ContractError
from gmf.testing.taggers import tiny_checkpoint, tiny_tagger

__all__ = [
    "ContractError",
    "ModelCheck",
    "check_model",
    "mixed_samples",
    "model_checks",
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
