"""What became of the documents of a conversion: counted, named, never silent."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ConversionReport:
    """Counts of a conversion.

    Args:
        read: Documents that the source holds, whole or faulty.
        written: Documents of the target.
        faults: Why documents were left out, with file and line.
        lost: What of the annotation the target does not have, by kind.
        notes: What changed without loss of annotation, by kind.
        examples: Where the first of each kind is.
    """

    read: int = 0
    written: int = 0
    faults: list[str] = field(default_factory=list[str])
    lost: Counter[str] = field(default_factory=Counter[str])
    notes: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, str] = field(default_factory=dict[str, str])

    def fault(self, message: str) -> None:
        """Count a document that was left out."""
        self.faults.append(message)

    def lose(self, kind: str, where: str, count: int = 1) -> None:
        """Count annotation that the target does not have."""
        if count:
            self.lost[kind] += count
            self.examples.setdefault(kind, where)

    def note(self, kind: str, where: str, count: int = 1) -> None:
        """Count a change without loss of annotation."""
        if count:
            self.notes[kind] += count
            self.examples.setdefault(kind, where)

    @property
    def is_complete(self) -> bool:
        """Whether the target holds all annotation of the source."""
        return not self.faults and not self.lost

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "read": self.read,
            "written": self.written,
            "faults": self.faults,
            "lost": dict(self.lost),
            "notes": dict(self.notes),
            "examples": self.examples,
        }
