"""Documents of one format into another: a file, or a folder of files."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gmf.core.errors import ConfigError, DataError
from gmf.core.files import named_in_errors
from gmf.exchange.base import ReadableFormat
from gmf.exchange.document import AnnotatedText
from gmf.exchange.fitting import checked
from gmf.exchange.formats import (
    document_formats,
    format_of_source,
    format_of_target,
    readable,
)
from gmf.exchange.image_files import IMAGE_FILES, ImageFiles, ImagePlaces
from gmf.exchange.offsets import UNITS, Unit
from gmf.exchange.report import ConversionReport
from gmf.exchange.schemes import SCHEMES
from gmf.exchange.writing import write_all, writer_of
from gmf.reading.context_file import CONTEXT_FILE
from gmf.reading.groups import STEMS, SUFFIXES
from gmf.reading.image_folders import IMAGE_SUFFIXES
from gmf.reading.regions_file import REGIONS_FILE

#: Files beside the texts of a data set, which is told of; and another tool's, which is not.
_BESIDE = (REGIONS_FILE, CONTEXT_FILE, *(stem + suffix for stem in STEMS for suffix in SUFFIXES))
_OF_TOOLS = ("dataset_info.json",)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a source is read; see ``convert``."""

    format: str | None
    offsets: Unit | None
    annotator: str | None
    encoding: str | None


def convert(
    source: Path,
    target: Path,
    *,
    from_format: str | None = None,
    to_format: str | None = None,
    offsets: Unit | None = None,
    scheme: str = "IOB2",
    annotator: str | None = None,
    encoding: str | None = None,
    image_files: ImageFiles = "link",
    overwrite: bool = False,
) -> ConversionReport:
    """Write the documents of a source in another format; the target appears whole or not at all.

    A folder of files (a data set's splits, for example) becomes a folder of files of the same
    names; a format that is itself a folder (brat, WebAnno) is one source or target.

    Args:
        source: File or folder.
        target: File or folder; the folder around it must exist.
        from_format: Name of the source's format; ``None`` finds it by the content.
        to_format: Name of the target's format; ``None`` takes that of the ending.
        offsets: What the offsets of the source count; ``None`` for what its tool writes.
        scheme: Tag scheme of a target with tags.
        annotator: Whose annotation is taken where a text has several; ``None`` for the ground
            truth, the curated or else the first one. Others are counted.
        encoding: Encoding of a source whose text is not Unicode, such as ``cp1252``.
        image_files: Whether the images of the documents are linked or copied to where the paths of
            the target lead, or left.
        overwrite: Replace a target that is there.

    Raises:
        ConfigError: If a format is unknown or cannot do it, the target is there already, or nobody
            of the annotator's name annotated.
        DataError: If the source cannot be read at all.
    """
    if scheme not in SCHEMES:
        raise ConfigError(f"scheme {scheme!r}: expected one of {', '.join(SCHEMES)}")
    if image_files not in IMAGE_FILES:
        raise ConfigError(f"image files {image_files!r}: expected {', '.join(IMAGE_FILES)}")
    if offsets not in (None, *UNITS):
        raise ConfigError(f"offsets {offsets!r}: expected one of {', '.join(UNITS)}")
    report = ConversionReport()
    how = _Reading(from_format, offsets, annotator, encoding)
    files = _files_in(source, how, report)
    if to_format is None:
        to_format = format_of_target(target)
    with document_formats.named_in_errors(to_format):
        writer = writer_of(to_format, scheme=scheme)  # Told before anything is read.
    _check_target(target, source, overwrite=overwrite)
    with (
        named_in_errors(target),
        TemporaryDirectory(dir=target.absolute().parent, prefix=".converted.") as temporary,
    ):
        whole = Path(temporary) / "whole"
        home = source if source.is_dir() else source.parent
        images = ImagePlaces(home, target.parent if files is None else target, image_files)
        pairs = [(source, whole)]
        if files is not None:
            whole.mkdir()
            ending = "" if writer.is_folder else writer.suffix
            pairs = [(file, whole / f"{file.stem}{ending}") for file in files]
        for file, part in pairs:
            documents = _documents(file, how, report)
            writer = writer_of(to_format, scheme=scheme)
            write_all(documents, part, writer=writer, name=to_format, report=report, images=images)
        if report.read and not report.written:
            shown = report.faults[0] if report.faults else "nothing could be read"
            raise DataError(
                f"none of its {report.read} documents could be converted; the first: {shown}",
                path=source,
            )
        images.bring(report, home=None if files is None else whole)
        _replace(target, whole)
    return report


def _replace(target: Path, whole: Path) -> None:
    """Put what was written in the place of a target, which loses nothing but files of its names."""
    if not target.is_dir() or target.is_symlink():
        whole.replace(target)
        return
    there = sorted(path for path in target.rglob("*") if not path.is_dir())
    names = [path.relative_to(target) for path in there]
    if lost := [name for name in names if not (whole / name).is_file()]:
        raise ConfigError(
            f"{target}: holds {lost[0]}{' and others' if lost[1:] else ''}, which this "
            "conversion does not write; choose another target, or remove it yourself"
        )
    if whole.is_file():
        target.rmdir()
        whole.replace(target)
        return
    for path in sorted(whole.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            (target / path.relative_to(whole)).mkdir(exist_ok=True)
        else:
            path.replace(target / path.relative_to(whole))


def _check_target(target: Path, source: Path, *, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise ConfigError(f"{target}: is there already; choose another or add --overwrite")
    if target.exists() and target.resolve() in (source.resolve(), *source.resolve().parents):
        raise ConfigError(f"{target}: is the source, or holds it; choose another target")
    if not target.parent.is_dir():
        raise ConfigError(f"{target}: no such folder as {target.parent}; make it first")


def read_documents(
    path: Path,
    *,
    format: str | None = None,
    offsets: Unit | None = None,
    annotator: str | None = None,
    encoding: str | None = None,
) -> tuple[list[AnnotatedText], ConversionReport]:
    """Return the documents of a file or folder, and what of it they do not hold.

    Args:
        path: File, or folder of a format that is one.
        format: Name of its format; ``None`` finds it by the content.
        offsets: See ``convert``.
        annotator: See ``convert``.
        encoding: See ``convert``.

    Raises:
        ConfigError: If the format is unknown, or has no such annotator.
        DataError: If it cannot be read at all.
    """
    report = ConversionReport()
    how = _Reading(format, offsets, annotator, encoding)
    return list(_documents(path, how, report)), report


def write_documents(
    documents: Iterable[AnnotatedText],
    path: Path,
    *,
    format: str | None = None,
    scheme: str = "IOB2",
) -> ConversionReport:
    """Write documents, numbered anew, to a file or folder, and return what it does not hold.

    Raises:
        ConfigError: If the format is unknown, or the path is there already.
    """
    if path.exists():
        raise ConfigError(f"{path}: is there already; choose another")
    report = ConversionReport()
    name = format or format_of_target(path)
    with document_formats.named_in_errors(name):
        writer = writer_of(name, scheme=scheme)
    write_all(_counted(documents, report), path, writer=writer, name=name, report=report)
    return report


def _counted(
    documents: Iterable[AnnotatedText], report: ConversionReport
) -> Iterator[AnnotatedText]:
    for document in documents:
        report.read += 1
        try:
            yield checked(replace(document, number=report.read), report)
        except ValueError as error:
            report.fault(f"{document.origin or f'document {report.read}'}: {error}")


def _files_in(source: Path, how: _Reading, report: ConversionReport) -> list[Path] | None:
    """Return the files of a folder of files; ``None`` when the source is one thing itself."""
    if not source.exists():
        raise DataError("no such file or folder", path=source)
    if not source.is_dir():
        return None
    kind = None if how.format is None else document_formats.get(how.format)
    if kind is None:
        with suppress(ConfigError):
            kind = document_formats.get(format_of_source(source, encoding=how.encoding))
    if kind is not None and kind.is_folder:
        return None
    if kind is not None and issubclass(kind, ReadableFormat) and kind.recognises(source, ""):
        return None
    suffixes = (
        kind.suffixes
        if kind is not None
        else [s for each in document_formats.usable().values() for s in each.suffixes]
    )
    present = [p for p in sorted(source.iterdir()) if p.is_file() and p.name[0] != "."]
    # What stands beside the texts of a data set is none of them.
    present = [
        p
        for p in present
        if p.name not in (*_BESIDE, *_OF_TOOLS) and p.suffix.lower() not in IMAGE_SUFFIXES
    ]
    for path in (source / name for name in _BESIDE):
        report.note(
            "file beside the texts that is not converted; copy it", str(path), path.exists()
        )
    files = [path for path in present if path.name.lower().endswith(tuple(suffixes))]
    for path in (path for path in present if path not in files):
        report.note("file of the folder that is of no format and is not read", str(path))
    if not files:
        raise DataError(f"no file that ends with {', '.join(suffixes)}", path=source)
    stems = [path.stem for path in files]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise DataError(f"several files are named {twice}; convert them one by one", path=source)
    return files


def _reader(name: str, offsets: Unit | None) -> ReadableFormat:
    kind = document_formats.get(name)
    if not issubclass(kind, ReadableFormat):
        raise ConfigError(f"format {name!r} cannot be read; expected one of {readable()}")
    return kind(offsets=offsets)


def _documents(path: Path, how: _Reading, report: ConversionReport) -> Iterator[AnnotatedText]:
    """Yield the documents of a source whose mentions lie in their texts."""
    name = how.format or format_of_source(path, encoding=how.encoding)
    annotator = how.annotator
    reader = _reader(name, how.offsets)
    if annotator is not None and not reader.has_annotators:
        raise ConfigError(f"annotator {annotator!r}: format {name!r} names no annotators")
    if how.encoding is not None and not reader.is_text:
        raise ConfigError(f"encoding {how.encoding!r}: format {name!r} is no text")
    reader.annotator, reader.encoding = annotator, how.encoding
    with document_formats.named_in_errors(name, path=path):
        yield from _checked(path, reader, report)
    if annotator is not None and annotator not in reader.annotators:
        names = ", ".join(sorted(reader.annotators)) or "none"
        raise ConfigError(f"{path}: annotator {annotator!r}: expected one of the source's: {names}")


def _checked(
    path: Path, reader: ReadableFormat, report: ConversionReport
) -> Iterator[AnnotatedText]:
    if path.is_dir() != reader.is_folder and path.is_dir():
        with suppress(OSError):
            if not reader.recognises(path, ""):
                raise ConfigError(f"{path}: expected a file, it is a folder")
    elif reader.is_folder and path.is_file() and not reader.suffixes:
        raise ConfigError(f"{path}: expected a folder, it is a file")
    seen: set[str] = set()
    for document in reader.read(path, report=report):
        try:
            kept = checked(document, report)
        except ValueError as error:
            report.fault(f"{document.origin}: {error}")
            continue
        if document.id and document.id in seen:
            report.note("identifier that another document has too", document.origin)
        seen.add(document.id)
        yield kept
