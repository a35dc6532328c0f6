"""Offsets as others count them, and in characters, as Python does."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import regex

from gmf.reading.tokenize import is_inside_word


def units_before(text: str) -> list[int]:
    """Return the UTF-16 units before each character, and before the end."""
    return [0, *accumulate(2 if c > "\uffff" else 1 for c in text)]


def has_wide(text: str) -> bool:
    """Return whether a text has characters beyond U+FFFF, which are two UTF-16 units each."""
    return not text.isascii() and max(text) > "\uffff"


def from_utf16(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of UTF-16 units as spans of characters.

    An offset between the halves of a character is read as the one behind it; what lies beyond the
    end stays beyond it.
    """
    if not has_wide(text):
        return list(spans)
    before = units_before(text)

    def point(unit: int) -> int:
        return bisect_left(before, unit) if unit <= before[-1] else len(text) + unit - before[-1]

    return [(point(start), point(end)) for start, end in spans]


def from_graphemes(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of grapheme clusters as spans of characters.

    What a reader takes for one character is one cluster, CR LF too (Unicode Standard Annex 29).
    What lies beyond the end stays beyond it.
    """
    if text.isascii() and "\r\n" not in text:
        return list(spans)
    starts = [*(match.start() for match in regex.finditer(r"\X", text)), len(text)]
    last = len(starts) - 1

    def point(cluster: int) -> int:
        return starts[cluster] if cluster <= last else len(text) + cluster - last

    return [(point(start), point(end)) for start, end in spans]


def to_utf16(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of characters as spans of UTF-16 units."""
    if not has_wide(text):
        return list(spans)
    before = units_before(text)
    return [(before[start], before[end]) for start, end in spans]


def cuts_word(text: str, start: int, end: int) -> bool:
    """Return whether a span begins or ends inside a word."""
    return is_inside_word(text, start) or is_inside_word(text, end)


def unit_hint(text: str, start: int, end: int) -> str:
    """Return a hint to what offsets count instead of characters; empty if nothing is better.

    Args:
        text: The text.
        start: The first offset.
        end: The second.
    """
    is_plain = text.isascii()
    kinds = {
        "UTF-16 units, as JavaScript and Java count them": from_utf16(text, [(start, end)])[0],
        "bytes of UTF-8, as Go, Rust and C count them": (
            (start, end) if is_plain else _from_bytes(text, start, end)
        ),
        "characters with CR LF as one": _from_single_ends(text, start, end),
        "grapheme clusters, as Doccano can count them": from_graphemes(text, [(start, end)])[0],
        "characters, the last one counted in": (start, end + 1),
        "characters from 1": (start - 1, end - 1),
        "characters from 1, the last one counted in": (start - 1, end),
    }
    for kind, (first, last) in kinds.items():
        inside = text[max(first, 0) : last]
        is_other = (first, last) != (start, end) and first >= 0 and last <= len(text)
        if is_other and inside.strip() == inside != "" and not cuts_word(text, first, last):
            shown = f"{inside!r}, characters {first} to {last}"
            return f"; the offsets look like {kind}: read so it is {shown}"
    return ""


def _from_bytes(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span of bytes of UTF-8 as one of characters; as it is if it is none."""
    content = text.encode(errors="surrogatepass")
    try:
        if end <= len(content):
            return len(content[:start].decode()), len(content[:end].decode())
    except UnicodeDecodeError:
        pass
    return start, end


def _from_single_ends(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span of a text whose line ends were counted as one character each."""
    if "\r\n" not in text:
        return start, end
    kept = [i for i in range(len(text) + 1) if text[i - 1 : i + 1] != "\r\n" or i == 0]
    return (kept[start], kept[end]) if 0 <= start <= end < len(kept) else (start, end)


def is_text_of(stated: str, text: str) -> bool:
    """Return whether a text that an entity states stands at its offsets, up to blanks and case."""
    return "".join(stated.split()).casefold() == "".join(text.split()).casefold()


@dataclass
class CutWords:
    """Entities of a file that begin or end inside a word, for one line of a report."""

    total: int = 0
    hinted: int = 0
    example: str = ""

    def look_at(self, text: str, spans: Iterable[tuple[int, int]], *, where: str) -> None:
        """Count the entities of a text.

        Args:
            text: The text.
            spans: First character and one past the last of each entity.
            where: File and line, for messages.
        """
        for start, end in spans:
            if cuts_word(text, start, end):
                hint = unit_hint(text, start, end)
                self.total += 1
                self.hinted += bool(hint)
                if not self.example or (hint and self.hinted == 1):
                    self.example = f"{where}: [{start}, {end}) is {text[start:end]!r}{hint}"

    def note(self) -> str:
        """Return the line; empty if no entity cuts a word."""
        if not self.total:
            return ""
        return f"{self.total} entities begin or end inside a word, such as {self.example}"


@dataclass
class TrimmedSpans:
    """Entities of a file that begin or end with white space, for one line of a report."""

    total: int = 0
    example: str = ""

    def look_at(self, text: str, start: int, end: int, *, where: str) -> None:
        """Count an entity; see ``CutWords``."""
        self.total += 1
        shown = f"{where}: [{start}, {end}) is {text[start:end]!r}{unit_hint(text, start, end)}"
        self.example = self.example or shown

    def note(self) -> str:
        """Return the line; empty if there is none."""
        if not self.total:
            return ""
        return (
            f"{self.total} entities begin or end with white space, which is left out, such as "
            f"{self.example}"
        )


def check_apart(spans: Iterable[tuple[int, int, str]]) -> None:
    """Refuse entities that overlap.

    Args:
        spans: First character, one past the last, and type of each.

    Raises:
        ValueError: Names two.
    """
    for before, after in pairwise(sorted(spans, key=lambda span: span[:2])):
        if after[0] < before[1]:
            shown = (f"[{start}, {end}) {name}" for start, end, name in (after, before))
            raise ValueError(f"{' overlaps another entity, '.join(shown)}; keep one of them")
