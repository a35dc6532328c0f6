"""A text encoder from scratch: random weights, and a vocabulary made from training posts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field, model_validator
from tokenizers import Tokenizer
from tokenizers.implementations import BertWordPieceTokenizer
from tokenizers.processors import BertProcessing
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from gmf.core.config import Config
from gmf.core.errors import ConfigError, DataError, EncoderError
from gmf.core.files import replacing
from gmf.encoders.writing import writing

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class ScratchConfig(Config):
    """Sizes of a text encoder that nobody has trained yet.

    Args:
        layers: Transformer layers.
        hidden_dim: Width.
        heads: Attention heads; they divide the width.
        vocabulary: Most subwords; every character that occurs twice is one of them.
        max_subwords: Longest post in subwords, special ones included.
        seed: Of the weights.
    """

    layers: Annotated[int, Field(ge=1)] = 4
    hidden_dim: Annotated[int, Field(ge=1)] = 256
    heads: Annotated[int, Field(ge=1)] = 4
    vocabulary: Annotated[int, Field(ge=len(_SPECIAL) + 1)] = 8000
    max_subwords: Annotated[int, Field(ge=4)] = 512
    seed: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> "ScratchConfig":
        if self.hidden_dim % self.heads:
            raise ValueError(f"heads: expected a divisor of the width {self.hidden_dim}")
        return self


def write_scratch_encoder(
    folder: Path, posts: Iterable[Sequence[str]], *, config: ScratchConfig
) -> int:
    """Write the folder of a BERT with random weights, for ``encoders.text``.

    Its tokenizer keeps letter case and accents, and knows characters of the posts that occur twice;
    what occurs once is unknown to it, so that the unknown is trained too.

    Args:
        folder: Where to; must not be there.
        posts: Words of the training posts.
        config: Sizes and seed.

    Returns:
        How many subwords the vocabulary has.

    Raises:
        ConfigError: If the folder is there.
        DataError: If the posts have no character that occurs twice.
        EncoderError: If the weights cannot be written.
    """
    if folder.exists():
        raise ConfigError(f"{folder}: is there; choose another folder, or delete it")
    words = [word for post in posts for word in post]
    repeated = sum(count > 1 for count in Counter("".join(words)).values())
    if not repeated:
        raise DataError(
            f"expected training posts to make a vocabulary from, got {len(words)} words"
        )
    tokenizer = _tokenizer_of(words, characters=repeated, config=config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = BertModel(
            BertConfig(
                vocab_size=len(tokenizer),
                hidden_size=config.hidden_dim,
                num_hidden_layers=config.layers,
                num_attention_heads=config.heads,
                intermediate_size=4 * config.hidden_dim,
                max_position_embeddings=config.max_subwords,
            )
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with writing(folder, raises=EncoderError), replacing(folder) as half:
        model.save_pretrained(half)
        tokenizer.save_pretrained(half)
    return len(tokenizer)


def _tokenizer_of(
    words: Sequence[str], *, characters: int, config: ScratchConfig
) -> PreTrainedTokenizerFast:
    """Return a tokenizer with a vocabulary of the words and of their most frequent characters."""
    tokenizer = BertWordPieceTokenizer(lowercase=False, strip_accents=False)
    tokenizer.train_from_iterator(
        iter(words),
        vocab_size=config.vocabulary,
        limit_alphabet=characters,
        special_tokens=[*_SPECIAL],
        show_progress=False,
    )
    backend: Tokenizer = tokenizer._tokenizer  # pyright: ignore
    sep, cls = ((name, _SPECIAL.index(name)) for name in ("[SEP]", "[CLS]"))
    backend.post_processor = BertProcessing(sep, cls)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=config.max_subwords,
        **{f"{name[1:-1].lower()}_token": name for name in _SPECIAL},
    )
