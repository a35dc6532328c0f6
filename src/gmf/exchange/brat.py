"""Documents as a brat collection."""

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from gmf.core.errors import DataError
from gmf.exchange.base import DocumentWriter, ReadableFormat, Trait, WritableFormat
from gmf.exchange.brat_annotations import entities_in, placed, text_bounds
from gmf.exchange.document import AnnotatedText, Mention
from gmf.exchange.report import ConversionReport
from gmf.reading.near_files import files_ending
from gmf.reading.text_files import BYTE_ORDER_MARK, HEAD_BYTES, encoding_of, known_encoding

#: brat's own rule for names of types.
_PLAIN = re.compile(r"(?!-+$)[a-zA-Z0-9_-]+")
_ODD = re.compile(r"[^A-Za-z0-9_-]+")
#: Before names of types in ``visual.conf``; brat skips such lines.
_TYPE_LINE = "#gmf-type "
#: How the writer begins the names of files, shards of a job included.
_NUMBERED = re.compile(r"^(?:\d+/)?\d{7}-(?=.)")
#: What ``str.splitlines`` ends a line at, and so brat, when it reads ``.ann`` files.
_LINE_ENDS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_CONFIGURATION = "[entities]\n{}\n[relations]\n\n[events]\n\n[attributes]\n"
_DRAWING = "[drawing]\nSPAN_DEFAULT\tfgColor:black, bgColor:lightgreen, borderColor:darken\n"


class BratFormat(ReadableFormat, WritableFormat):
    """A folder of folders of ``.txt`` and ``.ann`` files, ``annotation.conf`` and ``visual.conf``.

    Offsets are Unicode code points. Texts are written with LF line ends, since brat counts CR LF
    as one character. A type whose name brat does not take is written under one that it takes, and
    shown by its own. The confidence of an entity is an annotator's note.

    Sources: https://brat.nlplab.org/standoff.html, https://github.com/nlplab/brat/issues/853 (line
    ends), brat's ``server/src/annotation.py`` and ``projectconfig.py`` (fragments, names of types).
    """

    is_folder = True
    traits: ClassVar = frozenset(
        (
            Trait.CONFIDENCES,
            Trait.OVERLAP,
            Trait.UNLABELLED,
            Trait.SPACING,
            Trait.ANY_TYPE,
        )
    )

    @classmethod
    def recognises(cls, path: Path, head: object) -> bool:  # noqa: ARG003
        """Return whether a folder holds ``.ann`` files."""
        return path.is_dir() and bool(files_ending(path, ".ann"))

    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the document of each ``.txt`` file; one without ``.ann`` file is unlabelled."""
        names = _own_names(path)
        files = [p for p in files_ending(path, ".txt") if not _is_hidden(p, path)]
        texts = {p.with_suffix("") for p in files}
        found = [p for p in files_ending(path, ".ann") if not _is_hidden(p, path)]
        beside = {p.with_suffix(""): p for p in found}
        for name, orphan in beside.items():
            if name not in texts:
                report.read += 1
                report.fault(f"{orphan}: no text beside it; expected {orphan.stem}.txt")
        for file in files:
            report.read += 1
            number = report.read
            identifier = file.with_suffix("").relative_to(path).as_posix()
            identifier = _NUMBERED.sub("", identifier, count=1)
            try:
                annotations = beside.get(file.with_suffix(""))
                yield self._document(file, annotations, identifier, number, names, report)
            except (ValueError, DataError) as error:
                message = str(error)
                report.fault(
                    message if message.startswith(str(file.parent)) else f"{file}: {error}"
                )

    def _document(
        self,
        file: Path,
        annotations: Path | None,
        identifier: str,
        number: int,
        names: dict[str, str],
        report: ConversionReport,
    ) -> AnnotatedText:
        text = _read_text(file, self.encoding)
        if annotations is None:
            plain = text.removeprefix(BYTE_ORDER_MARK)
            return AnnotatedText(plain, None, identifier, number=number, origin=str(file))
        where = str(annotations)
        bounds = text_bounds(
            _read_text(annotations, self.encoding).removeprefix(BYTE_ORDER_MARK), where, report
        )
        text, bounds = placed(text, bounds, unit=self.offsets, where=where, report=report)
        mentions = tuple(
            Mention(start, end, names.get(bound.type, bound.type), bound.confidence)
            for bound, (start, end) in entities_in(text, bounds, where, report)
        )
        is_predicted = bool(mentions) and all(m.confidence is not None for m in mentions)
        return AnnotatedText(
            text, mentions, identifier, number=number, origin=where, is_predicted=is_predicted
        )

    def open(self, path: Path) -> DocumentWriter:
        """Begin a folder."""
        path.mkdir()
        return _BratWriter(path)

    def changes(self, document: AnnotatedText) -> Iterator[tuple[str, int]]:
        """Yield the line ends that become LF."""
        yield "line end CR LF or CR, written as LF", len(re.findall(r"\r\n?", document.text))

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:
        """Move the folder to its place."""
        names = "".join(f"{brat_name(name)}\n" for name in types)
        (folder / "annotation.conf").write_text(_CONFIGURATION.format(names), encoding="utf-8")
        renamed = [(brat_name(name), name) for name in types if brat_name(name) != name]
        if renamed:
            own = "".join(f"{_TYPE_LINE}{b} {json.dumps(name)}\n" for b, name in renamed)
            shown = "".join(f"{b} | {_shown(name)}\n" for b, name in renamed)
            content = f"[labels]\n{own}{shown}\n{_DRAWING}"
            (folder / "visual.conf").write_text(content, encoding="utf-8")
        folder.rename(target)


def brat_name(entity_type: str) -> str:
    """Return the name of a type in brat: its own where brat takes it, else one of its own.

    Distinct types have distinct names.
    """
    if _PLAIN.fullmatch(entity_type):
        return entity_type
    digest = sha256(entity_type.encode()).hexdigest()[:8]
    return f"{_ODD.sub('_', entity_type).strip('_')[:40] or 'type'}_{digest}"


class _BratWriter:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, document: AnnotatedText) -> None:
        if document.text.startswith(BYTE_ORDER_MARK):
            raise ValueError(
                "readers of brat leave out the byte order mark that the text begins with"
            )
        text, shift = _with_line_feeds(document.text)
        lines: list[str] = []
        for number, mention in enumerate(document.mentions or (), 1):
            start, end = shift[mention.char_start], shift[mention.char_end]
            label = brat_name(mention.type)
            lines.append(f"T{number}\t{label} {_fragments(text, start, end)}\n")
            if mention.confidence is not None:
                lines.append(
                    f"#{number}\tAnnotatorNotes T{number}\tconfidence {mention.confidence:.4f}\n"
                )
        text.encode()
        # The row comes first: identifiers may repeat, and be no file names.
        name = f"{document.number:07d}-{_ODD.sub('_', document.id)[:60]}"
        path = self.folder / f"{name}.txt"
        path.write_text(text, encoding="utf-8", newline="")
        if document.mentions is not None:
            path.with_suffix(".ann").write_text("".join(lines), encoding="utf-8", newline="")

    def close(self) -> None:
        pass


def _with_line_feeds(text: str) -> tuple[str, list[int]]:
    """Return a text with LF for CR LF and CR, and the new position of each character."""
    if "\r" not in text:
        return text, list(range(len(text) + 1))
    position = 0
    shift: list[int] = []
    for index, character in enumerate(text):
        shift.append(position)
        position += not (character == "\r" and text[index + 1 : index + 2] == "\n")
    return text.replace("\r\n", "\n").replace("\r", "\n"), [*shift, position]


def _fragments(text: str, start: int, end: int) -> str:
    """Return offsets and text; a mention that goes over a line end is several fragments.

    Raises:
        ValueError: If it is only line ends.
    """
    spans: list[str] = []
    texts: list[str] = []
    begin = start
    ends = [(m.start(), m.end()) for m in _LINE_ENDS.finditer(text, start, end)]
    for stop, after in [*ends, (end, end)]:
        if stop > begin:
            spans.append(f"{begin} {stop}")
            texts.append(text[begin:stop])
        begin = after
    if not spans:
        raise ValueError("brat cannot hold an entity of line ends alone")
    return f"{';'.join(spans)}\t{' '.join(texts)}"


def _shown(name: str) -> str:
    """Return a name as a label of ``visual.conf``: no bar, TAB or line end, not empty."""
    return " ".join(re.sub(r"[|\t,]|" + _LINE_ENDS.pattern, " ", name).split()) or "type"


def _own_names(folder: Path) -> dict[str, str]:
    """Return the types that ``BratFormat`` wrote under other names, by those."""
    path = folder / "visual.conf"
    names: dict[str, str] = {}
    if path.is_file():
        for line in _read_text(path).split("\n"):
            if line.startswith(_TYPE_LINE):
                name, _, value = line.removeprefix(_TYPE_LINE).partition(" ")
                try:
                    names[name] = str(json.loads(value))
                except ValueError:
                    continue
    return names


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _read_text(path: Path, encoding: str | None = None) -> str:
    """Return the text of a file as it is: brat counts byte order mark and line ends.

    Raises:
        ConfigError: If there is no encoding of that name.
        DataError: If it cannot be read or is not in its encoding, which is told as of every text.
    """
    stated = None if encoding is None else known_encoding(encoding)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", path=path) from error
    name, _ = encoding_of(content[:HEAD_BYTES], stated)
    try:
        return content.decode(name)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"expected {name.upper()}, byte {error.start} is not; state it with --encoding"
        raise DataError(message, path=path, line=line) from error
