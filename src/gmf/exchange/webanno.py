"""Documents as WebAnno TSV 3, which INCEpTION reads and writes."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from gmf.core.errors import DataError
from gmf.exchange.base import DocumentWriter, ReadableFormat, Trait, WritableFormat
from gmf.exchange.document import AnnotatedText
from gmf.exchange.report import ConversionReport
from gmf.exchange.webanno_reading import FORMAT_LINE, NAMED_ENTITY, document_of_lines, escaped
from gmf.reading.near_files import files_ending
from gmf.reading.offsets import to_utf16
from gmf.reading.text_files import open_text, read_lines

#: Folders of an export of INCEpTION or WebAnno that hold a folder a document, a file an annotator.
_EXPORTED = ("annotation", "curation")
_ODD = re.compile(r"[^A-Za-z0-9_-]+")
#: How the writer begins the names of files, shards of a job included.
_NUMBERED = re.compile(r"^(?:\d+/)?\d{7}-(?=.)")


class WebAnnoFormat(ReadableFormat, WritableFormat):
    """A folder of WebAnno TSV 3 files, one a document, or one such file.

    Offsets are UTF-16 units, as Java counts. Entities are the layer ``NamedEntity``; a file
    without that layer must have one layer of spans only. A word that an entity begins or ends in is
    written as several tokens.

    Source: https://inception-project.github.io/releases/36.0/docs/user-guide.html#sect_webannotsv.
    """

    suffixes = (".tsv",)
    is_folder = True
    unit = "utf-16"
    has_annotators = True
    traits: ClassVar = frozenset((Trait.OVERLAP, Trait.ANY_TYPE, Trait.SPACING))

    @classmethod
    def recognises(cls, path: Path, head: object) -> bool:
        """Return whether a file, or the first ``.tsv`` file of a folder, is of WebAnno."""
        if path.is_dir():
            first = next(iter(files_ending(path, ".tsv")), None)
            if first is None:
                return False
            try:
                with open_text(first) as file:
                    head = file.read(100).decode(errors="replace")
            except DataError:
                return False
        return isinstance(head, str) and head.startswith(FORMAT_LINE)

    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the document of each file."""
        files = files_ending(path, ".tsv") if path.is_dir() else [path]
        for file in self._chosen(files, report):
            report.read += 1
            number = report.read
            name = file.relative_to(path).with_suffix("").as_posix() if path.is_dir() else file.stem
            if file.parent.parent.name in _EXPORTED:
                name = file.parent.name
            identifier = _NUMBERED.sub("", name, count=1)
            try:
                yield document_of_lines(
                    read_lines(file, encoding=self.encoding),
                    where=str(file),
                    report=report,
                    fields={"id": identifier, "number": number, "origin": str(file)},
                )
            except DataError as error:
                report.fault(str(error))
            except ValueError as error:
                report.fault(f"{file}: {error}")

    def _chosen(self, files: Sequence[Path], report: ConversionReport) -> list[Path]:
        """Return one file of each document of an export, where each annotator has one.

        INCEpTION writes ``annotation/DOCUMENT/NAME.tsv`` and ``curation/DOCUMENT/NAME.tsv``. Taken
        is the asked one, else the curated, else the first that an annotator made.
        """
        chosen: list[Path] = []
        groups: dict[str, list[Path]] = defaultdict(list)
        for file in files:
            if file.parent.parent.name in _EXPORTED:
                groups[file.parent.name].append(file)
                self.annotators.add(file.stem)
            else:
                chosen.append(file)
        for name, group in groups.items():
            made = [f for f in group if f.stem != "INITIAL_CAS"] or group
            asked = [f for f in group if f.stem == self.annotator]
            if self.annotator is not None and not asked:
                report.read += 1
                report.fault(f"{group[0].parent}: no annotation of {name} by {self.annotator!r}")
                continue
            made.sort(key=lambda f: f.parent.parent.name != "curation")
            taken = asked[0] if asked else made[0]
            chosen.append(taken)
            others = [f for f in made if f != taken]
            report.lose("annotation of another annotator", str(taken), len(others))
        return sorted(chosen)

    def open(self, path: Path) -> DocumentWriter:
        """Begin a folder."""
        path.mkdir()
        return _WebAnnoWriter(path)

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:  # noqa: ARG002
        """Move the folder to its place."""
        folder.rename(target)


class _WebAnnoWriter:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, document: AnnotatedText) -> None:
        content = rendered(document)
        content.encode()
        name = f"{document.number:07d}-{_ODD.sub('_', document.id)[:60]}"
        path = self.folder / f"{name}.tsv"
        path.write_text(content, encoding="utf-8", newline="")

    def close(self) -> None:
        pass


def rendered(document: AnnotatedText) -> str:
    """Return a document as WebAnno TSV 3.3, all of it one sentence.

    Raises:
        ValueError: If it has no words, or begins with white space other than spaces.
    """
    text = document.text
    words, entities = document.tagged_words()
    if not words:
        raise ValueError("WebAnno TSV cannot hold a text without words")
    first = words[0][0]
    if text[:first].strip(" "):
        raise ValueError("WebAnno TSV cannot hold white space but spaces before the first word")
    columns: list[list[str]] = [[] for _ in words]
    stacked = [0] * len(words)
    for entity in entities:
        for index in range(entity.start, entity.end):
            stacked[index] += 1
    for number, entity in enumerate(sorted(entities, key=lambda e: (e.start, -e.end)), 1):
        several = entity.end - entity.start > 1
        several = several or any(stacked[i] > 1 for i in range(entity.start, entity.end))
        mark = f"[{number}]" if several else ""
        for index in range(entity.start, entity.end):
            columns[index].append(f"{escaped(entity.type)}{mark}")
    lines = [f"{FORMAT_LINE}3.3", f"#T_SP={NAMED_ENTITY}|value", "", ""]
    lines += [f"#Text={escaped(line)}" for line in text[first:].split("\n")]
    offsets = to_utf16(text, words)
    for index, ((start, end), (begin, stop)) in enumerate(zip(words, offsets, strict=True)):
        value = "|".join(columns[index]) or "_"
        token = escaped(text[start:end])
        lines.append(f"1-{index + 1}\t{begin}-{stop}\t{token}\t{value}\t")
    return "\n".join(lines) + "\n"
