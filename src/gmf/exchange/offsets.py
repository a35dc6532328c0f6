"""Which unit the offsets of a tool count, by what fits the words."""

from collections.abc import Iterable, Sequence
from typing import Literal

from gmf.exchange.document import Span
from gmf.reading.offsets import from_graphemes, from_utf16
from gmf.reading.tokenize import tokenize

Unit = Literal["code-points", "utf-16", "graphemes"]
#: Names for messages.
UNITS: dict[Unit, str] = {
    "code-points": "code points",
    "utf-16": "UTF-16 units",
    "graphemes": "grapheme clusters",
}


def in_characters(text: str, spans: Sequence[Span], *, unit: Unit) -> list[Span]:
    """Return spans that count a unit as spans of characters."""
    if unit == "utf-16":
        return from_utf16(text, spans)
    return from_graphemes(text, spans) if unit == "graphemes" else list(spans)


def misfits(text: str, spans: Iterable[Span]) -> list[Span]:
    """Return the spans that begin or end inside a word or with white space, or leave the text."""
    _, words = tokenize(text)
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    return [(start, end) for start, end in spans if start not in starts or end not in ends]


def unit_of(documents: Iterable[tuple[str, Sequence[Span]]], *, default: Unit) -> Unit:
    """Return the unit in which most spans begin and end with words; ``default`` when it ties.

    Args:
        documents: Texts with their spans; only those in which units differ tell.
        default: What the tool writes.
    """
    total = dict.fromkeys((default, *UNITS), 0)
    for text, spans in documents:
        if spans and not (text.isascii() and "\r\n" not in text):
            for unit in total:
                total[unit] += len(misfits(text, in_characters(text, spans, unit=unit)))
    return min(total, key=total.__getitem__)
