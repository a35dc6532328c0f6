"""Documents of one format into another: a file, or a folder of files."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from gmf.core.errors import ConfigError, DataError
from gmf.exchange.base import DocumentWriter, ReadableFormat, Trait, WritableFormat
from gmf.exchange.document import AnnotatedText
from gmf.exchange.fitting import checked, fitted
from gmf.exchange.formats import (
    document_formats,
    format_of_source,
    format_of_target,
    readable,
    writable,
)
from gmf.exchange.offsets import Unit
from gmf.exchange.report import ConversionReport
from gmf.exchange.schemes import SCHEMES


def convert(
    source: Path,
    target: Path,
    *,
    from_format: str | None = None,
    to_format: str | None = None,
    offsets: Unit | None = None,
    scheme: str = "IOB2",
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
        overwrite: Replace a target that is there.

    Raises:
        ConfigError: If a format is unknown or cannot do it, or the target is there already.
        DataError: If the source cannot be read at all.
    """
    if scheme not in SCHEMES:
        raise ConfigError(f"scheme {scheme!r}: expected one of {', '.join(SCHEMES)}")
    if offsets not in (None, "code-points", "utf-16"):
        raise ConfigError(f"offsets {offsets!r}: expected code-points or utf-16")
    files = _files_in(source, from_format)
    if to_format is None:
        to_format = format_of_target(target)
    _writer(to_format, scheme)  # Told before anything is read.
    if target.exists() and not overwrite:
        raise ConfigError(f"{target}: is there already; choose another or add --overwrite")
    if target.exists() and target.resolve() in (source.resolve(), *source.resolve().parents):
        raise ConfigError(f"{target}: is the source, or holds it; choose another target")
    if not target.parent.is_dir():
        raise ConfigError(f"{target}: no such folder as {target.parent}; make it first")
    report = ConversionReport()
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        whole = Path(temporary) / "whole"
        if files is None:
            documents = _documents(source, from_format, offsets, report)
            _write(documents, whole, to_format, scheme, report)
        else:
            whole.mkdir()
            for file in files:
                writer = _writer(to_format, scheme)
                ending = "" if writer.is_folder else writer.suffix
                documents = _documents(file, from_format, offsets, report)
                _write(documents, whole / f"{file.stem}{ending}", to_format, scheme, report)
        if report.read and not report.written:
            shown = report.faults[0] if report.faults else "nothing could be read"
            raise DataError(
                f"none of its {report.read} documents could be converted; the first: {shown}",
                path=source,
            )
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        whole.replace(target)
    return report


def read_documents(
    path: Path, *, format: str | None = None, offsets: Unit | None = None
) -> tuple[list[AnnotatedText], ConversionReport]:
    """Return the documents of a file or folder, and what of it they do not hold.

    Args:
        path: File, or folder of a format that is one.
        format: Name of its format; ``None`` finds it by the content.
        offsets: See ``convert``.

    Raises:
        ConfigError: If the format is unknown.
        DataError: If it cannot be read at all.
    """
    report = ConversionReport()
    return list(_documents(path, format, offsets, report)), report


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
    format = format or format_of_target(path)
    _write(_counted(documents, report), path, format, scheme, report)
    return report


def _counted(
    documents: Iterable[AnnotatedText], report: ConversionReport
) -> Iterator[AnnotatedText]:
    for document in documents:
        report.read += 1
        yield replace(document, number=report.read)


def _files_in(source: Path, from_format: str | None) -> list[Path] | None:
    """Return the files of a folder of files; ``None`` when the source is one thing itself."""
    if not source.exists():
        raise DataError("no such file or folder", path=source)
    if not source.is_dir():
        return None
    kind = None if from_format is None else document_formats.get(from_format)
    if kind is None:
        with suppress(ConfigError):
            kind = document_formats.get(format_of_source(source))
    if kind is not None and kind.is_folder:
        return None
    if kind is not None and issubclass(kind, ReadableFormat) and kind.recognises(source, ""):
        return None
    suffixes = (
        kind.suffixes
        if kind is not None
        else [s for name in document_formats for s in document_formats.get(name).suffixes]
    )
    files = [
        path
        for path in sorted(source.iterdir())
        if path.is_file() and path.name.lower().endswith(tuple(suffixes)) and path.name[0] != "."
    ]
    # Regions stand beside the texts of a data set, and are none.
    files = [path for path in files if path.name not in ("regions.jsonl", "dataset_info.json")]
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


def _writer(name: str, scheme: str) -> WritableFormat:
    kind = document_formats.get(name)
    if not issubclass(kind, WritableFormat):
        raise ConfigError(f"format {name!r} cannot be written; expected one of {writable()}")
    return kind(scheme=scheme)


def _documents(
    path: Path, format: str | None, offsets: Unit | None, report: ConversionReport
) -> Iterator[AnnotatedText]:
    """Yield the documents of a source whose mentions lie in their texts."""
    name = format or format_of_source(path)
    with document_formats.named_in_errors(name, path=path):
        yield from _checked(path, _reader(name, offsets), report)


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
            document.text.encode()
            kept = checked(document, report)
        except ValueError as error:
            report.fault(f"{document.origin}: {error}")
            continue
        if document.id and document.id in seen:
            report.note("identifier that another document has too", document.origin)
        seen.add(document.id)
        yield kept


def _write(
    documents: Iterable[AnnotatedText],
    target: Path,
    format: str,
    scheme: str,
    report: ConversionReport,
) -> None:
    """Write documents as one output that appears whole."""
    types: set[str] = set()
    originals: set[str] = set()
    named = partial(document_formats.named_in_errors, format)
    with named():
        writer = _writer(format, scheme)
    with TemporaryDirectory(dir=target.parent, prefix=".parts") as temporary:
        parts = Path(temporary) / "parts"
        if not writer.is_folder:
            parts.mkdir()
        with named():
            shard = writer.open(parts if writer.is_folder else parts / f"0{writer.suffix}")
        try:
            for document in documents:
                with named():
                    kept = _added(shard, document, writer, report)
                if kept is None:
                    continue
                report.written += 1
                report.note("text that nobody labelled", document.origin, kept.mentions is None)
                types.update(m.type for m in kept.mentions or ())
                originals.update(m.type for m in document.mentions or ())
                if Trait.ANY_TYPE not in writer.traits:
                    _check_types(originals)
        finally:
            with named():
                shard.close()
        with named():
            writer.merge(parts, target, types=sorted(types))


def _added(
    shard: DocumentWriter, document: AnnotatedText, writer: WritableFormat, report: ConversionReport
) -> AnnotatedText | None:
    """Return a document as it was written; ``None``, and a fault, when it cannot be."""
    lost, notes = report.lost.copy(), report.notes.copy()
    try:
        kept = fitted(document, writer, report)
        shard.add(kept)
    except ValueError as error:
        report.lost, report.notes = lost, notes
        report.fault(f"{document.origin}: {error}")
        return None
    except Exception as error:
        error.add_note(document.origin)
        raise
    return kept


def _check_types(types: set[str]) -> None:
    """Refuse types that differ in white space only, where it cannot be written.

    Raises:
        ConfigError: Names them.
    """
    names: dict[str, str] = {}
    for name in sorted(types):
        plain = "_".join(name.split())
        other = names.setdefault(plain, name)
        if other != name:
            raise ConfigError(
                f"types {other!r} and {name!r} would both be {plain!r}; rename one in the source"
            )
