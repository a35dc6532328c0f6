"""Documents written as one output that appears whole."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from gmf.core.errors import ConfigError
from gmf.exchange.base import DocumentWriter, Trait, WritableFormat
from gmf.exchange.document import AnnotatedText
from gmf.exchange.fitting import fitted
from gmf.exchange.formats import document_formats, writable
from gmf.exchange.image_files import ImagePlaces
from gmf.exchange.report import ConversionReport


def writer_of(name: str, *, scheme: str) -> WritableFormat:
    """Return the writer of a format.

    Raises:
        ConfigError: If it cannot be written.
    """
    kind = document_formats.get(name)
    if not issubclass(kind, WritableFormat):
        raise ConfigError(f"format {name!r} cannot be written; expected one of {writable()}")
    return kind(scheme=scheme)


def write_all(
    documents: Iterable[AnnotatedText],
    target: Path,
    *,
    writer: WritableFormat,
    name: str,
    report: ConversionReport,
    images: ImagePlaces | None = None,
) -> None:
    """Write documents as one output that appears whole.

    Args:
        documents: The documents.
        target: File or folder.
        writer: Writes them.
        name: Its name, for messages.
        report: Takes what is lost and left out.
        images: Takes the paths of images that the target names; ``None`` leaves the files.
    """
    images = images or ImagePlaces(target.parent, target.parent, "keep")
    types: set[str] = set()
    originals: set[str] = set()
    named = partial(document_formats.named_in_errors, name)
    with TemporaryDirectory(dir=target.parent, prefix=".parts") as temporary:
        parts = Path(temporary) / "parts"
        if not writer.is_folder:
            parts.mkdir()
        with named():
            shard = writer.open(parts if writer.is_folder else parts / f"0{writer.suffix}")
        try:
            for document in documents:
                with named():
                    kept = _added(shard, document, writer, report, images)
                if kept is None:
                    continue
                report.written += 1
                lost = images.add(writer.image_files(kept))
                report.lose(Trait.IMAGES, document.origin, len(lost))
                report.note("text that nobody labelled", document.origin, kept.mentions is None)
                types.update(m.type for m in kept.mentions or ())
                originals.update(m.type for m in document.mentions or ())
                _check_types(originals, writer)
        finally:
            with named():
                shard.close()
        with named():
            writer.merge(parts, target, types=sorted(types))
            if not target.exists():
                raise FileNotFoundError(f"merge: expected to find its target {target}")


def _added(
    shard: DocumentWriter,
    document: AnnotatedText,
    writer: WritableFormat,
    report: ConversionReport,
    images: ImagePlaces,
) -> AnnotatedText | None:
    """Return a document as it was written; ``None``, and a fault, when it cannot be."""
    lost, notes = report.lost.copy(), report.notes.copy()
    try:
        if not images.takes(writer.image_id(document), writer.image_files(document)):
            report.note("identifier left out, it means images of another", document.origin)
            document = replace(document, id="")
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


def _check_types(types: set[str], writer: WritableFormat) -> None:
    """Refuse types that differ in white space only, where it cannot be written.

    Raises:
        ConfigError: Names them.
    """
    names: dict[str, str] = {}
    for name in sorted(types):
        plain = writer.type_name(name)
        other = names.setdefault(plain, name)
        if other != name:
            raise ConfigError(
                f"types {other!r} and {name!r} would both be {plain!r}; rename one in the source"
            )
