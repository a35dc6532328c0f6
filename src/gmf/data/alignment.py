"""Words to subwords and back, for any fast tokenizer; in NumPy."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int
from tokenizers import Encoding, Tokenizer

from gmf.core.errors import ConfigError
from gmf.data.segments import EncodedWords, SegmentPair, array_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

#: The part of a window that it shares with the next one is one in this many.
_SHARED = 4


@dataclass(frozen=True)
class AlignedWords:
    """Encoded words of a batch; see `gmf.data.batch.Batch` for the arrays."""

    text_inputs: dict[str, Int[np.ndarray, "batch subwords"]]
    first_subword: Int[np.ndarray, "batch words"]
    word_mask: Bool[np.ndarray, "batch words"]
    subword_words: Int[np.ndarray, "batch subwords"]
    context_fields: Int[np.ndarray, "batch subwords"] | None = None


class WordEncoder:
    """Encodes words and tells where each of them went. Many threads may share one.

    A word for which the tokenizer has no subword (U+00A0, U+FE0F) is encoded as the unknown token.

    Args:
        tokenizer: Cuts at the limit, and holds how to pad; neither is set afterwards.
        inputs: Names of the arrays that the model takes; others than an encoding's are left out.
        unknown_token: Stands for a word without subwords; ``None`` when the tokenizer has none.

    Raises:
        ConfigError: If the tokenizer does not say where to cut or how to pad, or leaves no room.
    """

    def __init__(
        self, tokenizer: Tokenizer, *, inputs: Sequence[str], unknown_token: str | None
    ) -> None:
        cut, padding = tokenizer.truncation, tokenizer.padding
        if cut is None or padding is None:
            raise ConfigError("expected a tokenizer that cuts at a limit and pads")
        self.max_subwords: int = cut["max_length"]
        special = tokenizer.num_special_tokens_to_add(False)
        if self.max_subwords <= special:
            raise ConfigError(
                f"max_subwords {self.max_subwords}: leaves no room for words beside "
                f"{special} special tokens"
            )
        self.unknown_token = unknown_token
        self._padding = {
            "input_ids": padding["pad_id"],
            "token_type_ids": padding["pad_type_id"],
            "attention_mask": 0,
        }
        self.inputs = tuple(name for name in self._padding if name in inputs)
        self._tokenizer = tokenizer
        # Padded by hand: how long a batch gets is not known yet when its samples are encoded.
        tokenizer.no_padding()

    @classmethod
    def of(cls, tokenizer: "PreTrainedTokenizerFast", *, max_subwords: int) -> "WordEncoder":
        """Return the encoder of a Hugging Face tokenizer, which is left as it is.

        Args:
            tokenizer: A fast tokenizer; byte-level ones need ``add_prefix_space=True``.
            max_subwords: Limit on subwords of a sample, special tokens included.

        Raises:
            ConfigError: If the tokenizer is not fast or the limit leaves no room for a word.
        """
        return cls(
            standalone_tokenizer(tokenizer, max_subwords=max_subwords),
            inputs=tokenizer.model_input_names,
            unknown_token=None if tokenizer.unk_token is None else str(tokenizer.unk_token),
        )

    def encode(
        self,
        samples: Sequence[Sequence[str]],
        *,
        contexts: Sequence[Sequence[Sequence[str]]] = (),
    ) -> list[EncodedWords]:
        """Return the words of each sample as subwords.

        Args:
            samples: Words of each sample.
            contexts: Words of each field of each sample's context, the second segment of what the
                model reads; it has the room that the words leave. None has any when empty.

        Raises:
            ConfigError: If a word has no subword and the tokenizer no unknown token.
        """
        encoded = self._encode_words(samples)
        rows = [row for row, fields in enumerate(contexts) if any(fields)]
        words = [list(chain.from_iterable(contexts[row])) for row in rows]
        for row, encoding in zip(rows, self._encode(words, special=False), strict=True):
            encoded[row] = self._segments.join(
                encoded[row], encoding, contexts[row], max_subwords=self.max_subwords
            )
        return encoded

    def _encode_words(self, samples: Sequence[Sequence[str]]) -> list[EncodedWords]:
        words = [list(sample) for sample in samples]
        encodings = self._encode(words)
        changed = [
            row
            for row, encoding in enumerate(encodings)
            if self._fill_empty_words(words[row], encoding)
        ]
        for row, encoding in zip(
            changed, self._encode([words[row] for row in changed]), strict=True
        ):
            encodings[row] = encoding
        return [self._arrays_of(encoding) for encoding in encodings]

    def windows(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return spans of words that can be read at once, and together hold every word.

        Neighbours share the words of about a quarter of the limit, so that each word has others on
        both sides in one of them. A word that alone is longer than the limit has a span to itself.

        Args:
            words: The words of a sample.
        """
        first = self._encode([list(words)])[0]
        counts = np.zeros(len(words), dtype=np.int64)
        for encoding in (first, *first.overflowing):
            present = [word for word in encoding.word_ids if word is not None]
            np.add.at(counts, present, 1)
        ends = np.maximum(counts, 1).cumsum()
        special = self._tokenizer.num_special_tokens_to_add(False)
        room = self.max_subwords - special
        spans: list[tuple[int, int]] = []
        start, end = 0, 0
        while end < len(words):
            read = int(ends[start - 1]) if start else 0
            end = max(start + 1, int(np.searchsorted(ends, read + room, side="right")))
            spans.append((start, end))
            shared = int(np.searchsorted(ends, ends[end - 1] - room // _SHARED, side="left")) + 1
            start = max(start + 1, min(shared, end - 1))
        return spans

    def align(self, encoded: Sequence[EncodedWords], *, num_words: Sequence[int]) -> AlignedWords:
        """Return samples side by side, padded to the longest.

        Words whose subwords lie wholly beyond the limit are out of ``word_mask``.

        Args:
            encoded: What ``encode`` returned.
            num_words: Words of each sample, those beyond the limit included.
        """
        shape = len(encoded), max(map(len, encoded), default=0)
        arrays = {name: np.full(shape, self._padding[name]) for name in self.inputs}
        words = np.full(shape, -1)
        fields = np.full(shape, -1)
        first = np.zeros((len(encoded), max(num_words, default=0)), dtype=np.int64)
        mask = np.zeros_like(first, dtype=np.bool_)
        for row, sample in enumerate(encoded):
            inside = slice(0, len(sample))
            for name, array in arrays.items():
                array[row, inside] = sample.arrays[name]
            words[row, inside] = sample.words
            if sample.context_fields is not None:
                fields[row, inside] = sample.context_fields
            present, positions = np.unique(sample.words, return_index=True)
            is_word = present >= 0
            first[row, present[is_word]] = positions[is_word]
            mask[row, present[is_word]] = True
        has_context = any(sample.context_fields is not None for sample in encoded)
        return AlignedWords(arrays, first, mask, words, fields if has_context else None)

    @cached_property
    def _segments(self) -> SegmentPair:
        return SegmentPair.of(self._tokenizer, inputs=self.inputs)

    def _encode(self, words: list[list[str]], *, special: bool = True) -> list[Encoding]:
        if not words:
            return []
        return self._tokenizer.encode_batch(words, is_pretokenized=True, add_special_tokens=special)

    def _arrays_of(self, encoding: Encoding) -> EncodedWords:
        arrays = {name: array_of(encoding, name) for name in self.inputs}
        words = [-1 if word is None else word for word in encoding.word_ids]
        return EncodedWords(arrays, np.array(words, dtype=np.int64))

    def _fill_empty_words(self, words: list[str], encoding: Encoding) -> bool:
        """Replace words without subword by the unknown token; not those beyond the limit."""
        present = {word for word in encoding.word_ids if word is not None}
        is_full = len(encoding) >= self.max_subwords
        visible = max(present, default=0) if is_full else len(words)
        empty = set(range(visible)) - present
        for index in empty:
            if self.unknown_token is None:
                raise ConfigError(
                    f"word {words[index]!r} has no subword and the tokenizer has no unknown token"
                )
            words[index] = self.unknown_token
        return bool(empty)


def standalone_tokenizer(tokenizer: "PreTrainedTokenizerFast", *, max_subwords: int) -> Tokenizer:
    """Return a copy of a tokenizer that needs no transformers, its cutting and padding fixed.

    Both are on the right whatever the tokenizer says: a CRF reads the words from the first on, and
    encoders with learnt positions count them from there.

    Args:
        tokenizer: A fast tokenizer.
        max_subwords: Limit on subwords of a sample, special tokens included.

    Raises:
        ConfigError: If the tokenizer is not fast.
    """
    if not tokenizer.is_fast:
        raise ConfigError(f"{type(tokenizer).__name__}: expected a fast tokenizer (word_ids)")
    own = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    own.enable_truncation(max_subwords, direction="right")
    own.enable_padding(
        direction="right",
        pad_id=tokenizer.pad_token_id,
        pad_type_id=tokenizer.pad_token_type_id,
        pad_token=str(tokenizer.pad_token),
    )
    return own


def align_words(lengths: Sequence[int]) -> AlignedWords:
    """Return the alignment of samples for models that read words: each is its own subword."""
    position = np.broadcast_to(np.arange(max(lengths)), (len(lengths), max(lengths)))
    mask = position < np.array(lengths)[:, None]
    return AlignedWords({}, np.where(mask, position, 0), mask, np.where(mask, position, -1))
