"""Character offsets that cut words, and their likely cause."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from gmf.reading.tokenize import is_inside_word


def units_before(text: str) -> list[int]:
    """Return the UTF-16 units before each character, and before the end."""
    return [0, *accumulate(2 if c > "\uffff" else 1 for c in text)]


def cuts_word(text: str, start: int, end: int) -> bool:
    """Return whether a span begins or ends inside a word."""
    return is_inside_word(text, start) or is_inside_word(text, end)


def from_utf16(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the characters that two offsets mean if they count UTF-16 units.

    Args:
        text: The text.
        start: First unit.
        end: One past the last.

    Returns:
        The span; ``None`` if it is the same, or cuts words or begins or ends with white space too.
    """
    positions = {units: index for index, units in enumerate(units_before(text))}
    span = positions.get(start), positions.get(end)
    if span[0] is None or span[1] is None or span == (start, end):
        return None
    inside = text[span[0] : span[1]]
    if not inside or inside != inside.strip() or cuts_word(text, span[0], span[1]):
        return None
    return span[0], span[1]


def utf16_hint(text: str, start: int, end: int) -> str:
    """Return a hint that offsets count UTF-16 units; empty if nothing points to it."""
    span = from_utf16(text, start, end)
    if span is None:
        return ""
    return (
        f"; the offsets look like UTF-16 units, as JavaScript and Java count them: read so it is "
        f"{text[span[0] : span[1]]!r}, characters {span[0]} to {span[1]}"
    )


@dataclass
class CutWords:
    """Entities of a file that begin or end inside a word, for one line of a report."""

    total: int = 0
    utf16: int = 0
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
                hint = utf16_hint(text, start, end)
                self.total += 1
                self.utf16 += bool(hint)
                if not self.example or (hint and self.utf16 == 1):
                    self.example = f"{where}: [{start}, {end}) is {text[start:end]!r}{hint}"

    def note(self) -> str:
        """Return the line; empty if no entity cuts a word."""
        if not self.total:
            return ""
        return f"{self.total} entities begin or end inside a word, such as {self.example}"
