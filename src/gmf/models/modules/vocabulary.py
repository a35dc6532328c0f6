"""Vocabulary of the word-level models: words and characters of the training split."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, cast

from gmf.core.config import Config
from gmf.core.plain import from_plain

#: Index of every word and character that the vocabulary does not hold.
UNKNOWN = 0

#: What a checkpoint that tells no counts says of a word that was seen more than once.
OFTEN = 1_000_000


class Vocabulary(Config):
    """Words and characters by index; index 0 stands for all others.

    Test words never enter: they are looked up among the training words and the words of a vector
    file, first as they are and then in lower case.

    Args:
        words: Words of the training split, most frequent first; their indices start at 1.
        counts: How often each of them occurs there.
        extra_words: Further words of a vector file; their indices follow.
        characters: Characters that occur more than once in the training split.
    """

    words: tuple[str, ...]
    counts: tuple[int, ...]
    extra_words: tuple[str, ...] = ()
    characters: tuple[str, ...]

    @classmethod
    def of(cls, posts: Iterable[Iterable[str]]) -> "Vocabulary":
        """Build the vocabulary of training posts, each a sequence of words."""
        words: Counter[str] = Counter()
        for post in posts:
            words.update(post)
        characters: Counter[str] = Counter()
        for word, count in words.items():
            characters.update(dict.fromkeys(word, count))
        ranked = sorted(words, key=lambda word: (-words[word], word))
        return cls(
            words=tuple(ranked),
            counts=tuple(words[word] for word in ranked),
            characters=tuple(sorted(c for c, count in characters.items() if count > 1)),
        )

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> "Vocabulary":
        """Return the vocabulary that a checkpoint holds as plain values.

        Those of 0.2.0 and before tell only how many words occur more than once, ``num_repeated``.

        Raises:
            ValidationError: If they are not those of a vocabulary.
        """
        given = dict(values)
        repeated, words = given.pop("num_repeated", None), given.get("words")
        if isinstance(repeated, int) and isinstance(words, list):
            number = len(cast(list[object], words))
            given["counts"] = [OFTEN] * repeated + [1] * (number - repeated)
        return from_plain(cls, given)

    def with_extra(self, words: Iterable[str]) -> "Vocabulary":
        """Return the vocabulary with further words known by their vectors only."""
        present = set(self.words)
        extra = tuple(word for word in words if word not in present)
        return Vocabulary.model_validate({**self.model_dump(), "extra_words": extra})

    def word(self, word: str) -> int:
        """Return the index of a word, or else of its lower-case form, or else 0."""
        return self._word_index.get(word) or self._word_index.get(word.lower(), UNKNOWN)

    def character(self, character: str) -> int:
        """Return the index of a character, or 0."""
        return self._character_index.get(character, UNKNOWN)

    @cached_property
    def _word_index(self) -> dict[str, int]:
        return {w: i for i, w in enumerate((*self.words, *self.extra_words), start=1)}

    @cached_property
    def _character_index(self) -> dict[str, int]:
        return {c: i for i, c in enumerate(self.characters, start=1)}
