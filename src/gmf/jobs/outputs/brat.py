"""Documents as a brat collection."""

import re
from collections.abc import Sequence
from pathlib import Path

from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import OutputFormat, ShardWriter
from gmf.prediction.documents import Document, Entity

_ODD = re.compile(r"[^A-Za-z0-9.-]+")
_LINE_ENDS = re.compile(r"[\r\n]+")


class BratFormat(OutputFormat):
    """A folder of folders of ``.txt`` and ``.ann`` files, and ``annotation.conf``.

    Offsets are Unicode code points. The confidence of an entity is an annotator's note.
    """

    def open(self, path: Path) -> ShardWriter:
        """Begin a folder."""
        path.mkdir()
        return _BratWriter(path)

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:
        """Move the folder to its place."""
        names = "".join(f"{_ODD.sub('_', name)}\n" for name in types)
        content = f"[entities]\n{names}\n[relations]\n\n[events]\n\n[attributes]\n"
        (folder / "annotation.conf").write_text(content, encoding="utf-8")
        folder.rename(target)


class _BratWriter:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, row: Row, document: Document) -> None:
        # The row comes first: identifiers may repeat, and be no file names.
        name = f"{row.number:07d}-{_ODD.sub('_', row.id)[:60]}"
        lines: list[str] = []
        for number, entity in enumerate(document.entities, 1):
            label = _ODD.sub("_", entity.type)
            lines.append(f"T{number}\t{label} {_spans(entity)}\n")
            lines.append(
                f"#{number}\tAnnotatorNotes T{number}\tconfidence {entity.confidence:.4f}\n"
            )
        text = self.folder / f"{name}.txt"
        text.write_text(document.text, encoding="utf-8", newline="")
        text.with_suffix(".ann").write_text("".join(lines), encoding="utf-8", newline="")

    def close(self) -> None:
        pass


def _spans(entity: Entity) -> str:
    """Return offsets and text; an entity that goes over a line end is several spans."""
    spans: list[str] = []
    texts: list[str] = []
    begin = 0
    for end, after in [
        *((match.start(), match.end()) for match in _LINE_ENDS.finditer(entity.text)),
        (len(entity.text), len(entity.text)),
    ]:
        if end > begin:
            spans.append(f"{entity.char_start + begin} {entity.char_start + end}")
            texts.append(entity.text[begin:end])
        begin = after
    return f"{';'.join(spans)}\t{' '.join(texts)}"
