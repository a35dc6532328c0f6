"""Words to subwords and back, for any fast tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Bool, Int
from tokenizers import Encoding
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from gmf.core.errors import ConfigError
from gmf.data.word_places import place_words


@dataclass(frozen=True)
class Alignment:
    """Encoded words; see `gmf.data.batch.Batch` for the tensors.

    Args:
        inputs: What the tokenizer returns, padded.
        first_subword: Position of each word's first subword; 0 where the mask is off.
        word_mask: Words that have a subword within the limit: a prefix of each row.
        subword_words: Word of each subword; -1 on special tokens and padding.
    """

    inputs: dict[str, Int[Tensor, "batch subwords"]]
    first_subword: Int[Tensor, "batch words"]
    word_mask: Bool[Tensor, "batch words"]
    subword_words: Int[Tensor, "batch subwords"]


def align(
    posts: Sequence[Sequence[str]], *, tokenizer: PreTrainedTokenizerFast, max_subwords: int
) -> Alignment:
    """Encode words and say where each of them went.

    A word for which the tokenizer has no subword (U+00A0, U+FE0F) is encoded as the unknown token.
    Words whose subwords lie wholly beyond the limit are out of ``word_mask``.

    Args:
        posts: Words of each post.
        tokenizer: A fast tokenizer; byte-level ones need ``add_prefix_space=True``.
        max_subwords: Limit on subwords of a post, special tokens included.

    Raises:
        ConfigError: If the tokenizer is not fast or the limit leaves no room for a word.
    """
    if max_subwords <= tokenizer.num_special_tokens_to_add():
        raise ConfigError(
            f"max_subwords {max_subwords}: leaves no room for words beside "
            f"{tokenizer.num_special_tokens_to_add()} special tokens"
        )
    places = place_words(
        posts,
        encode=partial(encode_words, tokenizer=tokenizer, max_subwords=max_subwords),
        inputs=tokenizer.model_input_names,
        unknown_token=None if tokenizer.unk_token is None else str(tokenizer.unk_token),
        max_subwords=max_subwords,
    )
    return Alignment(
        {name: torch.from_numpy(array) for name, array in places.inputs.items()},
        torch.from_numpy(places.first_subword),
        torch.from_numpy(places.word_mask),
        torch.from_numpy(places.subword_words),
    )


def encode_words(
    words: list[list[str]], *, tokenizer: PreTrainedTokenizerFast, max_subwords: int
) -> Sequence[Encoding]:
    """Return the words of each post as subwords, cut at the limit and padded.

    Raises:
        ConfigError: If the tokenizer is not fast.
    """
    if not tokenizer.is_fast:
        raise ConfigError(f"{type(tokenizer).__name__}: expected a fast tokenizer (word_ids)")
    encoded = tokenizer(
        words,
        is_split_into_words=True,
        truncation=True,
        max_length=max_subwords,
        padding=True,
    )
    return encoded.encodings or ()
