"""Offsets in UTF-16 units, as JavaScript and Java count, and in code points, as Python does."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Literal

from gmf.exchange.document import Span
from gmf.reading.offsets import units_before
from gmf.reading.tokenize import tokenize

Unit = Literal["code-points", "utf-16"]


def has_wide(text: str) -> bool:
    """Return whether a text has characters beyond U+FFFF, which are two UTF-16 units each."""
    return not text.isascii() and max(text) > "\uffff"


def from_utf16(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return spans of UTF-16 units as spans of code points.

    A half of a character counts as the whole, which ``misfits`` sees; what lies beyond the end
    stays beyond it.
    """
    if not has_wide(text):
        return list(spans)
    before = units_before(text)

    def point(unit: int) -> int:
        return bisect_left(before, unit) if unit <= before[-1] else len(text) + unit - before[-1]

    return [(point(start), point(end)) for start, end in spans]


def to_utf16(text: str, spans: Iterable[Span]) -> list[Span]:
    """Return spans of code points as spans of UTF-16 units."""
    if not has_wide(text):
        return list(spans)
    before = units_before(text)
    return [(before[start], before[end]) for start, end in spans]


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
