"""Words that two sides cut differently, brought to common pieces by their place in the text."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from gmf.core.tags import OUTSIDE, STRAY

#: Characters ``[start, end)`` of a text.
Span = tuple[int, int]


def words_of(text: str) -> list[Span]:
    """Return the spans between white space."""
    return [match.span() for match in re.finditer(r"\S+", text)]


def locate(tokens: Sequence[str], text: str) -> list[Span]:
    """Return where the tokens stand in a text, one after the other.

    Raises:
        ValueError: If a token does not occur after the one before it.
    """
    spans: list[Span] = []
    position = 0
    for token in tokens:
        start = text.find(token, position)
        if start < 0:
            raise ValueError(
                f"token {token!r} does not occur in the text after character {position}"
            )
        position = start + len(token)
        spans.append((start, position))
    return spans


def cut_at(spans: Iterable[Span], cuts: Iterable[int]) -> tuple[list[Span], list[int]]:
    """Cut spans at characters.

    Returns:
        The pieces, and the index of the span that each is part of.
    """
    cuts_in_order = sorted(set(cuts))
    pieces: list[Span] = []
    owners: list[int] = []
    for index, (start, end) in enumerate(spans):
        edges = [start, *(place for place in cuts_in_order if start < place < end), end]
        pieces += pairwise(edges)
        owners += [index] * (len(edges) - 1)
    return pieces, owners


def spread_labels(
    labels: Sequence[str | None], owners: Sequence[int | None]
) -> tuple[str | None, ...]:
    """Return labels of pieces: a word's first piece has its label, later ones continue it.

    How many entities there are does not depend on how the words were cut.

    Args:
        labels: One a word.
        owners: Word of each piece; ``None`` where this side has no word, which is outside, or
            inside an entity whose words stand on both sides of it.
    """
    spread: list[str | None] = []
    following = _following(owners)
    previous: int | None = None
    for owner, after in zip(owners, following, strict=True):
        label = OUTSIDE
        if owner is not None:
            label = labels[owner]
            if owner == previous and label and label.startswith(("B-", STRAY)):
                label = f"I-{label[2:]}"
            previous = owner
        elif previous is not None and after is not None:
            before, coming = labels[previous] or OUTSIDE, labels[after] or OUTSIDE
            if coming.startswith("I-") and before[1:] == coming[1:]:
                label = coming
        spread.append(label)
    return tuple(spread)


def _following(owners: Sequence[int | None]) -> list[int | None]:
    """Return for each piece the word that comes next, its own included."""
    following: list[int | None] = []
    after: int | None = None
    for owner in reversed(owners):
        after = after if owner is None else owner
        following.append(after)
    return following[::-1]


def common_pieces(
    ours: Sequence[Span], theirs: Sequence[Span], *, text: str
) -> tuple[list[Span], list[int | None], list[int | None]]:
    """Return the pieces that two word lists of one text have in common.

    White space of a word is no piece, unless the word is nothing else.

    Returns:
        The pieces, and for each the word of either side that it is part of, if any.
    """
    edges = sorted({edge for span in (*ours, *theirs) for edge in span})
    pieces: list[Span] = []
    owners: tuple[list[int | None], list[int | None]] = ([], [])
    positions = [0, 0]
    for piece in pairwise(edges):
        found: list[int | None] = []
        for side, spans in enumerate((ours, theirs)):
            while positions[side] < len(spans) and spans[positions[side]][1] <= piece[0]:
                positions[side] += 1
            inside = positions[side] < len(spans) and spans[positions[side]][0] <= piece[0]
            found.append(positions[side] if inside else None)
        if _is_blank_part(piece, text, found, (ours, theirs)):
            continue
        if any(owner is not None for owner in found):
            pieces.append(piece)
            for side, owner in enumerate(found):
                owners[side].append(owner)
    return pieces, *owners


def _is_blank_part(
    piece: Span, text: str, owners: Sequence[int | None], sides: Sequence[Sequence[Span]]
) -> bool:
    """Return whether a piece is white space, of words that have other letters too."""
    words = [spans[o] for o, spans in zip(owners, sides, strict=True) if o is not None]
    return text[slice(*piece)].isspace() and all(text[slice(*word)].strip() for word in words)
