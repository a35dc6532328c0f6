"""A tiny WordPiece tokenizer and a tiny image processor."""

import string

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast
from transformers.models.mobilenet_v2.image_processing_pil_mobilenet_v2 import (
    MobileNetV2ImageProcessorPil,
)

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_WORDS = ("is", "ready", "for", "snow", "season", "in", "with", "new", "the", "rocky")


def tiny_tokenizer(**options: object) -> PreTrainedTokenizerFast:
    """Return a WordPiece tokenizer over ASCII letters and a few words, 5 special tokens first."""
    letters = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    pieces = [*_SPECIAL, *letters, *(f"##{letter}" for letter in letters), *_WORDS]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    backend = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = BertNormalizer(lowercase=True)
    backend.pre_tokenizer = BertPreTokenizer()
    backend.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=512,
        **options,
    )


def tiny_image_processor(size: int = 32) -> MobileNetV2ImageProcessorPil:
    """Return a processor to ``(3, size, size)``."""
    return MobileNetV2ImageProcessorPil(
        size={"shortest_edge": size}, crop_size={"height": size, "width": size}
    )
