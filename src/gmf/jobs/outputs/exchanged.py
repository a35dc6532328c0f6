"""Outputs in the formats of annotation tools and other libraries, by their own writers."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from gmf.core.types import ImageInput
from gmf.data.images import name_of
from gmf.exchange.base import DocumentWriter, TextFormat, WritableFormat
from gmf.exchange.brat import BratFormat
from gmf.exchange.conll import ConllFormat, PlainConllFormat
from gmf.exchange.docbin import DocBinFormat
from gmf.exchange.doccano import DoccanoFormat
from gmf.exchange.document import AnnotatedText, Mention
from gmf.exchange.fitting import fitted
from gmf.exchange.gliner import GlinerFormat
from gmf.exchange.hugging_face import HuggingFaceFormat
from gmf.exchange.label_studio import LabelStudioFormat
from gmf.exchange.prodigy import ProdigyFormat
from gmf.exchange.report import ConversionReport
from gmf.exchange.webanno import WebAnnoFormat
from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import OutputFormat, ShardWriter
from gmf.prediction.documents import Document
from gmf.reading.json_rows import ImageRow


class ExchangeOutput(OutputFormat):
    """Base of the outputs that a format of documents writes; see ``output_of``."""

    kind: ClassVar[type[WritableFormat]]

    def __init__(self) -> None:
        self.format = self.kind()

    @property
    def is_file(self) -> bool:
        """Whether the output is a file."""
        return not (self.kind.is_folder or self.kind.is_merged_in_memory)

    @property
    def suffix(self) -> str:
        """Ending of the names of its shards."""
        return self.format.suffix

    @property
    def marks(self) -> tuple[str, str, str] | None:
        """What opens the output, stands between its shards, and closes it; ``None`` if no text."""
        return self.format.marks if isinstance(self.format, TextFormat) else None

    def open(self, path: Path) -> ShardWriter:
        """Begin a shard."""
        return _Writer(self.format.open(path), self.format)

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:
        """Make one output of all shards; they stay files when one would not fit in memory."""
        if self.format.is_merged_in_memory:
            folder.rename(target)
        else:
            self.format.merge(folder, target, types=types)


class _Writer:
    def __init__(self, writer: DocumentWriter, format: WritableFormat) -> None:
        self.writer, self.format = writer, format

    def add(self, row: Row, document: Document) -> None:
        # What a format never holds, such as confidences in CoNLL, is no news of a single row.
        self.writer.add(fitted(annotated(row, document), self.format, ConversionReport()))

    def close(self) -> None:
        self.writer.close()


def annotated(row: Row, document: Document) -> AnnotatedText:
    """Return what was found in a row as the document that formats write."""
    images: tuple[ImageInput, ...] = () if row.sample is None else row.sample.images
    return AnnotatedText(
        document.text,
        tuple(
            Mention(entity.char_start, entity.char_end, entity.type, entity.confidence)
            for entity in document.entities
        ),
        row.id,
        words=document.words,
        images=tuple(ImageRow(path=name_of(image.source), regions=()) for image in images),
        number=row.number,
        origin=row.origin,
        is_joined=row.sample is not None and row.sample.text is None,
        is_predicted=True,
    )


def output_of(kind: type[WritableFormat], *, by_ending: bool = False) -> type[OutputFormat]:
    """Return the output that a format of documents is.

    Args:
        kind: The format.
        by_ending: Whether the ending of an output chooses it.
    """

    class Output(ExchangeOutput):
        __doc__ = kind.__doc__
        suffixes = kind.suffixes if by_ending else ()

    Output.kind = kind
    return Output


ConllOutput = output_of(ConllFormat, by_ending=True)
PlainConllOutput = output_of(PlainConllFormat)
BratOutput = output_of(BratFormat)
LabelStudioOutput = output_of(LabelStudioFormat, by_ending=True)
DocBinOutput = output_of(DocBinFormat, by_ending=True)
DoccanoOutput = output_of(DoccanoFormat)
ProdigyOutput = output_of(ProdigyFormat)
GlinerOutput = output_of(GlinerFormat)
HuggingFaceOutput = output_of(HuggingFaceFormat)
WebAnnoOutput = output_of(WebAnnoFormat)
