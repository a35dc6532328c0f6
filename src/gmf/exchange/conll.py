"""Documents as CoNLL columns."""

from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import ClassVar

from gmf.core.errors import DataError
from gmf.core.tags import entities_of
from gmf.exchange.base import ReadableFormat, TextFormat, Trait
from gmf.exchange.document import AnnotatedText, document_of_words
from gmf.exchange.report import ConversionReport
from gmf.exchange.schemes import tags_of_scheme
from gmf.reading.conll import read_blocks
from gmf.reading.conll_lines import DOCUMENT_MARK, ID_PREFIX, columns_of
from gmf.reading.image_folders import IMAGE_SUFFIXES, ImageFolder, image_folder_of, stem_of
from gmf.reading.json_rows import ImageRow
from gmf.reading.reader import RawSample
from gmf.reading.tag_schemes import read_tags
from gmf.reading.text_files import BYTE_ORDER_MARK

_PATHS = frozenset("/\\\0")
_SEPARATORS = frozenset("\t\n\r")


class ConllFormat(ReadableFormat, TextFormat):
    """``IMGID:<id>``, then a word and its tag a line, then an empty line.

    Tags are BIO2, or of the scheme that ``--scheme`` names; those of every scheme are read.
    """

    suffixes = (".conll", ".txt")
    traits: ClassVar = frozenset((Trait.ANY_TYPE,))
    has_ids: ClassVar[bool] = True

    @classmethod
    def recognises(cls, path: Path, head: object) -> bool:
        """Return whether a file has words and tags in columns."""
        lines = head.split("\n")[:50] if isinstance(head, str) else []
        if lines and lines[0].startswith("#FORMAT="):
            return False
        has_ids = any(line.startswith(ID_PREFIX) for line in lines)
        whole = [line.rstrip("\r") for line in lines[:-1] or lines]
        is_text = isinstance(head, str) and "\0" not in head and "\ufffd" not in head
        return path.is_file() and is_text and (has_ids or _has_columns(whole))

    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the document of each block; one with a faulty line is left out as a whole."""
        faults: dict[int, DataError] = {}

        def keep(fault: DataError) -> None:
            faults.setdefault(fault.line or 0, fault)

        def note(kind: str, count: int) -> None:
            report.note(kind, str(path), count or 1)

        raws = list(read_blocks(path, encoding=self.encoding, on_fault=keep, on_note=note))
        ids = [raw.id for raw in raws]
        folder = ImageFolder(image_folder_of(path.parent), split=path.stem, ids=ids)
        # Told by the whole file, as training does.
        tags_of_raws = read_tags([raw.tags for raw in raws]).tags
        for raw, tags in zip(raws, tags_of_raws, strict=True):
            report.read += 1
            where = f"{path}:{raw.line}"
            own = _faults_of(raw, faults)
            if own:
                report.fault(str(faults[own[0]]))
                for line in own:
                    del faults[line]
                continue
            try:
                entities = None if tags is None else entities_of(tags)
                yield document_of_words(
                    list(raw.tokens),
                    entities,
                    id=raw.id,
                    images=_images_of(raw, folder, path.parent, report),
                    number=report.read,
                    origin=where,
                )
            except ValueError as error:
                report.fault(f"{where}: {error}")

        # What is left are blocks without any good line: each run of lines is one.
        for line in sorted(faults):
            if line - 1 not in faults:
                report.read += 1
                report.fault(str(faults[line]))

    def render(self, document: AnnotatedText) -> str:
        """Return a block.

        Raises:
            ValueError: If the text has no words, or one of them, a type or the identifier would
                break the lines.
        """
        spans, entities = document.tagged_words()
        words = [document.text[start:end] for start, end in spans]
        if not words:
            raise ValueError("CoNLL cannot hold a post without words")
        if not self.has_ids and words[0].startswith(BYTE_ORDER_MARK):
            raise ValueError(
                "a first word cannot begin with a byte order mark: readers leave it out"
            )
        names = {entity.type for entity in entities}
        identifier = [("identifier", _id_of(document))] if self.has_ids else []
        cells = (*identifier, *(("word", w) for w in words), *(("type", n) for n in names))
        for name, value in cells:
            if not _SEPARATORS.isdisjoint(value):
                raise ValueError(f"CoNLL cannot hold {name} {value!r}: it has a TAB or a line end")
            if value.startswith(DOCUMENT_MARK):
                raise ValueError(f"CoNLL cannot hold {name} {value!r}: it marks a document")
        tags = tags_of_scheme(entities, len(words), scheme=self.scheme)
        lines = [f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)]
        head = f"{ID_PREFIX}{_id_of(document)}\n" if self.has_ids else ""
        return f"{head}{''.join(lines)}\n"

    def image_id(self, document: AnnotatedText) -> str:
        """Return the identifier."""
        return _id_of(document) if self.has_ids else ""

    def changes(self, document: AnnotatedText) -> Iterator[tuple[str, int]]:
        """Yield identifiers that lose the blanks around them."""
        yield (
            "identifier without the blanks around it",
            self.has_ids and (_id_of(document) != document.id),
        )

    def image_files(self, document: AnnotatedText) -> dict[str, str]:
        """Return the files of images by where the identifier means them; see ``ImageFolder``.

        The one of ``33`` is ``images/33`` with its ending, several are ``images/33_0`` and so on.
        """
        suffixes = [PurePosixPath(image.path).suffix for image in document.images]
        identifier = _id_of(document)
        is_name = identifier not in ("", ".", "..") and _PATHS.isdisjoint(identifier)
        if not (self.has_ids and is_name) or {s.lower() for s in suffixes} - IMAGE_SUFFIXES.keys():
            return {}
        stem = stem_of(identifier)
        numbers = [f"_{n}" if len(suffixes) > 1 else "" for n in range(len(suffixes))]
        return {
            f"images/{stem}{number}{suffix}": image.path
            for number, suffix, image in zip(numbers, suffixes, document.images, strict=True)
        }

    def losses(self, document: AnnotatedText) -> Iterator[tuple[str, int]]:
        """Yield images that the identifier cannot name, and entities that IO joins."""
        yield Trait.IMAGES, len(document.images) - len(self.image_files(document))
        yield Trait.REGIONS, sum(len(image.regions) for image in document.images)
        if self.scheme == "IO":
            _, entities = document.tagged_words()
            kinds = {(entity.end, entity.type) for entity in entities}
            touching = sum((entity.start, entity.type) in kinds for entity in entities)
            yield "boundary between entities that touch", touching


class PlainConllFormat(ConllFormat):
    """A word and its tag a line, then an empty line: CoNLL without ``IMGID:`` lines.

    Tools that expect two columns in every line, ``spacy convert`` among them, take it.
    """

    suffixes = ()
    has_ids = False

    @classmethod
    def recognises(cls, path: Path, head: object) -> bool:  # noqa: ARG003
        """Return False: ``ConllFormat`` reads both."""
        return False


def _has_columns(lines: list[str]) -> bool:
    """Return whether lines have columns, by TAB or, where the last is of tags, by blanks."""
    if any("\t" in line for line in lines):
        return True
    try:
        return columns_of(lines, path=None).width > 1
    except DataError:
        return False


def _id_of(document: AnnotatedText) -> str:
    """Return the identifier as readers take it from its line."""
    return document.id.strip(" \t")


def _images_of(
    raw: RawSample, folder: ImageFolder, root: Path, report: ConversionReport
) -> tuple[ImageRow, ...]:
    """Return the images that an identifier means, if there is a folder of images.

    Raises:
        ValueError: If the identifier leaves the folder.
    """
    if not raw.id or not folder.path.is_dir():
        return ()
    rows: list[ImageRow] = []
    for image in folder.images_of(raw.id):
        if image.is_relative_to(root):
            rows.append(ImageRow(path=image.relative_to(root).as_posix(), regions=()))
        else:
            report.lose("image in a folder beside the one of its text", str(image))
    return tuple(rows)


def _faults_of(raw: RawSample, faults: Collection[int]) -> list[int]:
    """Return the faulty lines of a sample's block: those that follow one another with its own."""
    lines = {raw.line, *raw.lines}
    end = max(lines)
    while end + 1 in faults:
        end += 1
    return [line for line in range(raw.line, end + 1) if line in faults]
