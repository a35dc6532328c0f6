"""Words to subwords and back, for any fast tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from transformers import BatchEncoding, PreTrainedTokenizerFast

from gmf.core.errors import ConfigError


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
    if not tokenizer.is_fast:
        raise ConfigError(f"{type(tokenizer).__name__}: expected a fast tokenizer (word_ids)")
    if max_subwords <= tokenizer.num_special_tokens_to_add():
        raise ConfigError(
            f"max_subwords {max_subwords}: leaves no room for words beside "
            f"{tokenizer.num_special_tokens_to_add()} special tokens"
        )
    words = [list(post) for post in posts]
    encoding = _encode(words, tokenizer, max_subwords)
    unknown = None if tokenizer.unk_token is None else str(tokenizer.unk_token)
    if _fill_empty_words(words, encoding, unknown, max_subwords):
        encoding = _encode(words, tokenizer, max_subwords)
    first = torch.zeros((len(words), max(map(len, words), default=0)), dtype=torch.long)
    mask = torch.zeros_like(first, dtype=torch.bool)
    inputs = {name: torch.tensor(rows, dtype=torch.long) for name, rows in encoding.items()}
    subword_words = torch.full_like(inputs["input_ids"], -1)
    for row in range(len(words)):
        for position, word in enumerate(encoding.word_ids(row)):
            if word is None:
                continue
            subword_words[row, position] = word
            if not mask[row, word]:
                first[row, word], mask[row, word] = position, True
    return Alignment(inputs, first, mask, subword_words)


def _encode(
    words: list[list[str]], tokenizer: PreTrainedTokenizerFast, max_subwords: int
) -> BatchEncoding:
    return tokenizer(
        words,
        is_split_into_words=True,
        truncation=True,
        max_length=max_subwords,
        padding=True,
    )


def _fill_empty_words(
    words: list[list[str]], encoding: BatchEncoding, unknown: str | None, max_subwords: int
) -> bool:
    """Replace words without subword by the unknown token; those beyond the limit are no matter."""
    is_changed = False
    for row, post in enumerate(words):
        present = {word for word in encoding.word_ids(row) if word is not None}
        is_full = sum(encoding["attention_mask"][row]) >= max_subwords
        visible = max(present, default=0) if is_full else len(post)
        for index in set(range(visible)) - present:
            if unknown is None:
                raise ConfigError(
                    f"word {post[index]!r} has no subword and the tokenizer has no unknown token"
                )
            post[index], is_changed = unknown, True
    return is_changed
