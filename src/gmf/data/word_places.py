"""Which subwords belong to which word; needs no tensor library."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from tokenizers import Encoding

from gmf.core.errors import ConfigError

#: Encodes words of posts to padded encodings, cut at a limit.
Encode = Callable[[list[list[str]]], Sequence[Encoding]]

#: Arrays that an encoding offers, by the name under which models take them.
_ARRAYS = {"input_ids": "ids", "token_type_ids": "type_ids", "attention_mask": "attention_mask"}


@dataclass(frozen=True)
class WordPlaces:
    """Encoded words; see `gmf.data.batch.Batch` for the arrays.

    Args:
        inputs: What the model takes, padded.
        first_subword: Position of each word's first subword; 0 where the mask is off.
        word_mask: Words that have a subword within the limit: a prefix of each row.
        subword_words: Word of each subword; -1 on special tokens and padding.
    """

    inputs: dict[str, Int[np.ndarray, "batch subwords"]]
    first_subword: Int[np.ndarray, "batch words"]
    word_mask: Bool[np.ndarray, "batch words"]
    subword_words: Int[np.ndarray, "batch subwords"]


def place_words(
    posts: Sequence[Sequence[str]],
    *,
    encode: Encode,
    inputs: Sequence[str],
    unknown_token: str | None,
    max_subwords: int,
) -> WordPlaces:
    """Encode words and say where each of them went.

    A word for which the tokenizer has no subword (U+00A0, U+FE0F) is encoded as the unknown token.
    Words whose subwords lie wholly beyond the limit are out of ``word_mask``.

    Args:
        posts: Words of each post.
        encode: A fast tokenizer that cuts at ``max_subwords`` and pads.
        inputs: Names of the arrays that the model takes; others than an encoding's are left out.
        unknown_token: Stands for a word without subwords; ``None`` when the tokenizer has none.
        max_subwords: Limit on subwords of a post, special tokens included.

    Raises:
        ConfigError: If a word has no subword and the tokenizer no unknown token.
    """
    words = [list(post) for post in posts]
    encodings = encode(words)
    if _fill_empty_words(words, encodings, unknown_token, max_subwords):
        encodings = encode(words)
    first = np.zeros((len(words), max(map(len, words), default=0)), dtype=np.int64)
    mask = np.zeros_like(first, dtype=np.bool_)
    arrays = {
        name: np.array([getattr(row, attribute) for row in encodings], dtype=np.int64)
        for name, attribute in _ARRAYS.items()
        if name in inputs
    }
    subword_words = np.full_like(arrays["input_ids"], -1)
    for row, encoding in enumerate(encodings):
        for position, word in enumerate(encoding.word_ids):
            if word is None:
                continue
            subword_words[row, position] = word
            if not mask[row, word]:
                first[row, word], mask[row, word] = position, True
    return WordPlaces(arrays, first, mask, subword_words)


def count_subwords(posts: Sequence[Sequence[str]], *, encode: Encode) -> list[int]:
    """Return how many subwords each post takes, special tokens included, at most the limit.

    Words for which the tokenizer has no subword are not counted: enough to sort posts by length.

    Args:
        posts: Words of each post.
        encode: A fast tokenizer that cuts at the limit and pads.
    """
    encodings = encode([list(post) for post in posts]) if posts else ()
    return [sum(encoding.attention_mask) for encoding in encodings]


def _fill_empty_words(
    words: list[list[str]], encodings: Sequence[Encoding], unknown: str | None, max_subwords: int
) -> bool:
    """Replace words without subword by the unknown token; those beyond the limit are no matter."""
    is_changed = False
    for post, encoding in zip(words, encodings, strict=True):
        present = {word for word in encoding.word_ids if word is not None}
        is_full = sum(encoding.attention_mask) >= max_subwords
        visible = max(present, default=0) if is_full else len(post)
        for index in set(range(visible)) - present:
            if unknown is None:
                raise ConfigError(
                    f"word {post[index]!r} has no subword and the tokenizer has no unknown token"
                )
            post[index], is_changed = unknown, True
    return is_changed
