"""Writing: a template and names become the tagged words of a post."""

from collections.abc import Mapping
from random import Random

from gmf.core.tags import OUTSIDE
from gmf_demo.names import NameMaker
from gmf_demo.pair_kinds import TYPE_OF_KIND, Kind

HASHTAGS = ("mood", "friday", "tbt", "life", "weekend", "news", "wow", "nofilter", "today", "vibes")
EMOJI = ("😂", "😍", "🔥", "❤️", "🙌", "😭", "✨", "👀")
OPENINGS = ("omg", "lol", "ok so", "well ,", "update :", "Breaking :", "hey ,", "guys ,", "tbh")
Tagged = list[tuple[str, str]]


def name_words(words: tuple[str, ...], entity_type: str, rng: Random) -> Tagged:
    """Return the tagged words of a name, sometimes behind a ``#`` or without capitals."""
    style = rng.random()
    shown = tuple(w.lower() for w in words) if style < 0.2 else words
    if len(shown) == 1 and style > 0.92:
        return [("#", OUTSIDE), (shown[0], f"B-{entity_type}")]
    return [(w, f"{'I' if i else 'B'}-{entity_type}") for i, w in enumerate(shown)]


def write_post(
    template: str, *, kinds: Mapping[str, Kind], names: NameMaker, rng: Random
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return words and tags of a post.

    Everything but the template itself is drawn without regard to the kinds.

    Args:
        template: Sentence with ``{A}`` and ``{B}`` for the names.
        kinds: Kind of each name in the template.
        names: Where names come from.
        rng: Source of the trimmings.

    Raises:
        KeyError: If the template has a name without a kind.
    """
    tagged: Tagged = _opening(names, rng)
    for piece in template.split():
        if piece.startswith("{"):
            tagged += name_words(names.name(), TYPE_OF_KIND[kinds[piece.strip("{}")]], rng)
        else:
            tagged.append((piece, OUTSIDE))
    tagged += [(word, OUTSIDE) for word in _closing(rng)]
    if rng.random() < 0.15:
        tagged = [(word if word.startswith("http") else word.lower(), tag) for word, tag in tagged]
    return tuple(word for word, _ in tagged), tuple(tag for _, tag in tagged)


def _opening(names: NameMaker, rng: Random) -> Tagged:
    choice = rng.random()
    if choice < 0.2:
        words = ["RT", names.handle(), ":"]
    elif choice < 0.32:
        words = [names.handle()]
    elif choice < 0.5:
        words = rng.choice(OPENINGS).split()
    else:
        words = []
    return [(word, OUTSIDE) for word in words]


def _closing(rng: Random) -> list[str]:
    words: list[str] = []
    if rng.random() < 0.3:
        words.append(rng.choice(("!", "!!", ".", "...")))
    if rng.random() < 0.3:
        words += [rng.choice(EMOJI)] * rng.choice((1, 1, 2))
    if rng.random() < 0.3:
        words += ["#", rng.choice(HASHTAGS)]
    if rng.random() < 0.12:
        code = "".join(rng.choices("abcdefghkmnpqrstuvwxyzABCDEFGHK23456789", k=10))
        words.append(f"https://t.co/{code}")
    return words
