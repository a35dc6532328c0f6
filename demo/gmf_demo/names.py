"""Invented names that say nothing about the type of what they name."""

from collections.abc import Iterable
from random import Random

ONSETS = (*"bdhjlmnrstvz", "br", "dr", "kl", "pl", "st", "tr", "vr")
VOWELS = ("a", "e", "i", "o", "u", "ai", "oo")
CODAS = ("", "", "", "l", "m", "n", "r", "sk", "x", "th")
#: Share of names of two words.
TWO_WORD_SHARE = 0.35
#: Endings that would suggest a type.
TELLING_ENDINGS = ("son", "ton", "ville", "land", "berg", "sky", "ski", "man", "ham")
#: Letters in a row that would read badly.
REJECTED = ("nazi", "tit", "nud", "sado", "homo", "jizz", "slut", "bitt")


def word(rng: Random) -> str:
    """Return an invented word of two or three syllables, in lower case."""
    while True:
        count = rng.choice((2, 2, 2, 3))
        syllables = [rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(count)]
        name = "".join(syllables) + rng.choice(CODAS)
        if not name.endswith(TELLING_ENDINGS) and not any(bad in name for bad in REJECTED):
            return name


class NameMaker:
    """Gives out names of words that were never given out before.

    One maker serves all splits, so that no word of a test name occurs in training.

    Args:
        rng: Source of the choices.
        taken: Words that must not be given out, in lower case.
    """

    def __init__(self, rng: Random, *, taken: Iterable[str] = ()) -> None:
        self._rng, self._taken = rng, set(taken)

    def _fresh_word(self) -> str:
        fresh = word(self._rng)
        while fresh in self._taken:
            fresh = word(self._rng)
        self._taken.add(fresh)
        return fresh

    def name(self) -> tuple[str, ...]:
        """Return one or two capitalised words."""
        count = 2 if self._rng.random() < TWO_WORD_SHARE else 1
        return tuple(self._fresh_word().capitalize() for _ in range(count))

    def handle(self) -> str:
        """Return the handle of an account, for mentions."""
        name = self._fresh_word()
        return f"@{name}" + self._rng.choice(("", "", "_", "99", "7"))
