"""Which unit the offsets of a tool count, by what fits the words."""

from collections.abc import Iterable, Sequence
from typing import Literal

from gmf.exchange.document import Span
from gmf.reading.offsets import from_utf16, has_wide
from gmf.reading.tokenize import tokenize

Unit = Literal["code-points", "utf-16"]


def misfits(text: str, spans: Iterable[Span]) -> list[Span]:
    """Return the spans that begin or end inside a word or with white space, or leave the text."""
    _, words = tokenize(text)
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    return [(start, end) for start, end in spans if start not in starts or end not in ends]


def unit_of(documents: Iterable[tuple[str, Sequence[Span]]], *, default: Unit) -> Unit:
    """Return the unit in which more spans begin and end with words; ``default`` when they tie.

    Args:
        documents: Texts with their spans; only those with characters beyond U+FFFF tell.
        default: What the tool writes.
    """
    points = units = 0
    for text, spans in documents:
        if spans and has_wide(text):
            points += len(misfits(text, spans))
            units += len(misfits(text, from_utf16(text, spans)))
    if points == units:
        return default
    return "code-points" if points < units else "utf-16"
