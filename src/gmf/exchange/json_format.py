"""What the formats share in which a document is a JSON object."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

from gmf.exchange.base import ReadableFormat, TextFormat
from gmf.exchange.document import AnnotatedText, Mention
from gmf.exchange.json_values import json_values
from gmf.exchange.offsets import UNITS, Unit, in_characters, unit_of
from gmf.exchange.report import ConversionReport
from gmf.reading.foreign_rows import tool_of
from gmf.reading.offsets import to_utf16

#: What annotations of others than the one that is taken are counted as.
OTHER_ANNOTATION = "annotation of another annotator, different from the one taken"
SAME_ANNOTATION = "annotation of another annotator, the same"


class JsonFormat(ReadableFormat, TextFormat):
    """Base of the formats in which a document is a JSON object, in a list or one a line.

    ``parse`` gives offsets as the file has them; ``read`` turns them into code points. Keys that
    neither it nor ``bookkeeping`` names are noted as not carried.
    """

    #: Keys that are read, or serve the tool only.
    keys: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, *, offsets: Unit | None = None, scheme: str = "IOB2") -> None:
        super().__init__(offsets=offsets, scheme=scheme)
        #: Who has annotated each item first, and a hash of what.
        self._taken: dict[str, tuple[str, int]] = {}

    #: Its name in ``gmf.reading.foreign_rows``, which tells its rows.
    tool: ClassVar[str | None] = None

    @classmethod
    def recognises(cls, path: Path, head: object) -> bool:  # noqa: ARG003
        """Return whether the first value of a file is a row of the tool."""
        return cls.tool is not None and tool_of(head) == cls.tool

    @abstractmethod
    def parse(
        self, row: dict[str, Any], *, where: str, report: ConversionReport
    ) -> AnnotatedText | None:
        """Return the document of an object; ``None`` if it was counted as left out.

        Raises:
            ValueError: If it is no such object.
        """

    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the documents of a file; see ``ReadableFormat``."""
        documents = self.parsed(path, report)
        unit = self.offsets or self.unit
        if self.offsets is None and self.unit == "utf-16":
            documents = list(documents)
            spans = [(d.text, _spans(d)) for d in documents]
            unit = unit_of(spans, default=self.unit)
            report.note(f"offsets counted in {UNITS[unit]}", str(path), unit == "graphemes")
        for document in documents:
            yield from_unit(document, unit)

    def parsed(self, path: Path, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the documents of a file with offsets as ``parse`` gives them."""
        for where, row in json_values(path, report=report, encoding=self.encoding):
            number = report.read
            try:
                fields = self.object_of(row)
                item = self.annotated_item(fields)
                if item is not None and not self._is_asked_for(item[1], where, report):
                    continue
                document = self.parse(fields, where=where, report=report)
            except ValueError as error:
                report.fault(f"{where}: {error}")
                continue
            for key in sorted(fields.keys() - self.keys) if self.keys else ():
                report.note(f"field {key!r} not carried", where)
            if document is not None and self._is_first(item, document, where, report):
                yield replace(document, number=number, origin=where)

    def annotated_item(self, row: dict[str, Any]) -> tuple[object, str] | None:  # noqa: ARG002
        """Return what a row annotates and who did it, where each annotator has a row; or None."""
        return None

    def _is_asked_for(self, name: str, where: str, report: ConversionReport) -> bool:
        self.annotators.add(name)
        if self.annotator in (None, name):
            return True
        report.read -= 1  # A text that several have annotated is one document.
        report.lose("annotation of another annotator than the one asked for", where)
        return False

    def _is_first(
        self,
        item: tuple[object, str] | None,
        document: AnnotatedText,
        where: str,
        report: ConversionReport,
    ) -> bool:
        """Return whether nobody else has annotated the text of a row before; others are counted."""
        if item is None:
            return True
        key, name = item
        marked = hash(frozenset(document.mentions or ()))
        first, taken = self._taken.setdefault(str(key), (name, marked))
        if first == name:
            return True
        report.read -= 1
        if taken == marked:
            report.note(SAME_ANNOTATION, where)
        else:
            report.lose(OTHER_ANNOTATION, where)
        return False

    def object_of(self, row: object) -> dict[str, Any]:
        """Return a value of the file as a JSON object.

        Raises:
            ValueError: If it is none.
        """
        if not isinstance(row, dict):
            raise ValueError(f"expected a JSON object, got {type(row).__name__}")
        return cast(dict[str, Any], row)


def from_unit(document: AnnotatedText, unit: Unit) -> AnnotatedText:
    """Return a document whose offsets counted a unit with offsets of code points."""
    if unit == "code-points" or not document.mentions:
        return document
    spans = in_characters(document.text, _spans(document), unit=unit)
    return replace(document, mentions=_moved(document.mentions, spans))


def in_unit(document: AnnotatedText, unit: Unit) -> tuple[Mention, ...]:
    """Return the mentions of a document with offsets that count a unit."""
    mentions = document.mentions or ()
    if unit == "code-points":
        return mentions
    return _moved(mentions, to_utf16(document.text, _spans(document)))


def _spans(document: AnnotatedText) -> list[tuple[int, int]]:
    return [(m.char_start, m.char_end) for m in document.mentions or ()]


def _moved(mentions: tuple[Mention, ...], spans: list[tuple[int, int]]) -> tuple[Mention, ...]:
    return tuple(
        replace(mention, char_start=start, char_end=end)
        for mention, (start, end) in zip(mentions, spans, strict=True)
    )
