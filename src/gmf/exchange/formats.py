"""Formats of documents by name, and the format of a file by its content."""

import json
from pathlib import Path
from typing import cast

from gmf.core.errors import ConfigError, DataError
from gmf.core.registry import Registry
from gmf.core.suffixes import suffix_of
from gmf.exchange.base import DocumentFormat, ReadableFormat, WritableFormat
from gmf.reading.text_files import open_text

document_formats: Registry[type[DocumentFormat]] = Registry(
    "document format",
    group="gmf.document_formats",
    base=(ReadableFormat, WritableFormat),
    built_in={
        "gmf": "gmf.exchange.own:OwnFormat",
        "label-studio": "gmf.exchange.label_studio:LabelStudioFormat",
        "conll": "gmf.exchange.conll:ConllFormat",
        "conll-plain": "gmf.exchange.conll:PlainConllFormat",
        "brat": "gmf.exchange.brat:BratFormat",
        "webanno": "gmf.exchange.webanno:WebAnnoFormat",
        "spacy": "gmf.exchange.docbin:DocBinFormat",
        "huggingface": "gmf.exchange.hugging_face:HuggingFaceFormat",
        "huggingface-parquet": "gmf.exchange.hugging_face:HuggingFaceParquetFormat",
        "prodigy": "gmf.exchange.prodigy:ProdigyFormat",
        "gliner": "gmf.exchange.gliner:GlinerFormat",
        "doccano": "gmf.exchange.doccano:DoccanoFormat",
        "spacy-examples": "gmf.exchange.spacy_examples:SpacyExamplesFormat",
    },
)
_HEAD_BYTES = 2**20


def format_of_source(path: Path, *, encoding: str | None = None) -> str:
    """Return the name of the format that a file or folder has.

    Args:
        path: The file or folder.
        encoding: See ``open_text``.

    Raises:
        ConfigError: If none, or more than one, recognises it.
        DataError: If it is absent or cannot be read.
    """
    fault: DataError | None = None
    try:
        head = head_of(path, encoding=encoding)
    except DataError as error:  # Parquet and other files that are no text are told by their names.
        head, fault = "", error
    names = [name for name in document_formats.usable() if _recognises(name, path, head)]
    if fault is not None and not names:
        raise fault
    if not names and path.is_file() and not path.stat().st_size:
        raise ConfigError(f"{path}: the file is empty")
    if len(names) != 1:
        guess = "; it may be " + " or ".join(names) if names else ""
        raise ConfigError(
            f"{path}: not known as a format{guess}; name it with --from, one of {readable()}"
            f"{document_formats.left_out()}"
        )
    return names[0]


def _recognises(name: str, path: Path, head: object) -> bool:
    with document_formats.named_in_errors(name, path=path):
        kind = document_formats.get(name)
        return issubclass(kind, ReadableFormat) and kind.recognises(path, head)


def format_of_target(path: Path) -> str:
    """Return the name of the first format that ends its files as a path does.

    Raises:
        ConfigError: If there is none.
    """
    endings: dict[str, str] = {}
    for name, kind in document_formats.usable().items():
        for suffix in kind.suffixes:
            endings.setdefault(suffix, name)
    suffix = suffix_of(path, endings)
    if suffix is None:
        raise ConfigError(
            f"{path}: name its format with --to, one of {writable()}{document_formats.left_out()}"
        )
    return endings[suffix]


def readable() -> str:
    """Return the names of the formats that can be read."""
    return _names_of(ReadableFormat)


def writable() -> str:
    """Return the names of the formats that can be written."""
    return _names_of(WritableFormat)


def _names_of(base: type[DocumentFormat]) -> str:
    kinds = document_formats.usable().items()
    return ", ".join(name for name, kind in kinds if issubclass(kind, base))


def head_of(path: Path, *, encoding: str | None = None) -> object:
    """Return the first JSON value of a file (of its list, or of its lines), else its first text.

    Raises:
        DataError: If it is absent or cannot be read.
    """
    if not path.exists():
        raise DataError("no such file or folder", path=path)
    if path.is_dir():
        return ""
    with open_text(path, encoding=encoding) as file:
        text = file.read(_HEAD_BYTES).decode(errors="replace")
    start = text.lstrip()
    for candidate in (start, start.removeprefix("[").lstrip()):
        if candidate[:1] not in ("{", "["):
            continue
        try:
            value, _ = json.JSONDecoder().raw_decode(candidate)
        except (ValueError, RecursionError):
            continue
        first = cast(list[object], value)[:1] if isinstance(value, list) else []
        return first[0] if first and isinstance(first[0], dict | list) else value
    return text[:2000]
