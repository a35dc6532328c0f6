"""Encoded words, and how a tokenizer joins them with a context; in NumPy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from jaxtyping import Int
from tokenizers import Encoding, Tokenizer

#: What a model may take of an encoding: name of the array, and of the encoding's own attribute.
_ATTRIBUTES = {
    "input_ids": "ids",
    "token_type_ids": "type_ids",
    "attention_mask": "attention_mask",
}


@dataclass(frozen=True, slots=True)
class EncodedWords:
    """One sample's words as subwords, cut at the limit, not padded.

    Args:
        arrays: What the model takes, by name.
        words: Word of each subword; -1 on special tokens and in the context.
        context_fields: Field of each subword of the context, -1 elsewhere; the special tokens that
            the context brings have the number of its fields. ``None`` without context.
        context_is_cut: Whether there was no room for all of the context.
    """

    arrays: dict[str, Int[np.ndarray, " subwords"]]
    words: Int[np.ndarray, " subwords"]
    context_fields: Int[np.ndarray, " subwords"] | None = None
    context_is_cut: bool = False

    def __len__(self) -> int:
        return len(self.words)


@dataclass(frozen=True, slots=True)
class SegmentPair:
    """How a tokenizer joins two segments: the words of a sample, and its context.

    Args:
        arrays: An example.
        between: Positions of the special tokens between the segments.
        second: A position in the second segment.
        after: Positions of the special tokens after it.
        closing: Special tokens after a segment that stands alone, the first ones of ``between``.
    """

    arrays: dict[str, Int[np.ndarray, " subwords"]]
    between: Int[np.ndarray, " specials"]
    second: int
    after: Int[np.ndarray, " specials"]
    closing: int

    @classmethod
    def of(cls, tokenizer: Tokenizer, *, inputs: Sequence[str]) -> Self:
        """Learn it from an example.

        Args:
            tokenizer: The tokenizer.
            inputs: Names of the arrays that the model takes.
        """
        words = ["a"]
        single, pair = (
            tokenizer.encode(words, second, is_pretokenized=True) for second in (None, words)
        )
        is_special = np.array(pair.special_tokens_mask, dtype=np.bool_)
        first, *_, second = np.flatnonzero(~is_special)
        gap = first + int(np.argmax(is_special[first:]))
        between = np.flatnonzero(is_special & (np.arange(len(pair)) >= gap))
        closing = np.flatnonzero(single.special_tokens_mask)
        return cls(
            {name: array_of(pair, name) for name in inputs},
            between=between[between < second],
            second=int(second),
            after=between[between > second],
            closing=int((closing > first).sum()),
        )

    def join(
        self,
        words: EncodedWords,
        context: Encoding,
        fields: Sequence[Sequence[str]],
        *,
        max_subwords: int,
    ) -> EncodedWords:
        """Return encoded words followed by as much of a context as there is room for.

        Args:
            words: Words of a sample, special tokens included.
            context: Its context, without special tokens.
            fields: Words of each field of the context.
            max_subwords: Limit on subwords of both, special tokens included.
        """
        kept = len(words) - self.closing
        room = max_subwords - kept - len(self.between) - len(self.after)
        if room < 1:
            return replace(words, context_is_cut=True)
        used = min(room, len(context))
        ends = np.cumsum([len(field) for field in fields])
        of_words = np.searchsorted(
            ends, [word or 0 for word in context.word_ids[:used]], side="right"
        )
        specials = len(fields)
        return EncodedWords(
            {
                name: np.concatenate(
                    [
                        array[:kept],
                        self.arrays[name][self.between],
                        np.array(context.ids[:used], dtype=np.int64)
                        if name == "input_ids"
                        else np.full(used, self.arrays[name][self.second]),
                        self.arrays[name][self.after],
                    ]
                )
                for name, array in words.arrays.items()
            },
            np.concatenate(
                [words.words[:kept], np.full(len(self.between) + used + len(self.after), -1)]
            ),
            np.concatenate(
                [
                    np.full(len(words), -1),
                    np.full(len(self.between) - self.closing, specials),
                    of_words,
                    np.full(len(self.after), specials),
                ]
            ),
            context_is_cut=used < len(context) or bool(context.overflowing),
        )


def array_of(encoding: Encoding, name: str) -> Int[np.ndarray, " subwords"]:
    """Return what a model takes of an encoding under a name."""
    return np.array(getattr(encoding, _ATTRIBUTES[name]), dtype=np.int64)
