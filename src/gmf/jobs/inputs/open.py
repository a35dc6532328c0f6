"""Input formats by name, and an input by its path."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gmf.core.errors import ConfigError, DataError
from gmf.core.registry import Registry
from gmf.core.suffixes import names_by_suffix, suffix_of
from gmf.jobs.inputs.rows import InputFormat, InputOptions, Row, Shard, fault_of_row
from gmf.jobs.inputs.samples import SamplesSource
from gmf.reading.compression import compression_of
from gmf.reading.readers import named_reader, readers

input_formats: Registry[type[InputFormat]] = Registry(
    "input format",
    group="gmf.input_formats",
    base=InputFormat,
    built_in={
        "jsonl": "gmf.jobs.inputs.jsonl:JsonlSource",
        "json": "gmf.jobs.inputs.json_list:JsonListSource",
        "csv": "gmf.jobs.inputs.csv:CsvSource",
        "parquet": "gmf.jobs.inputs.parquet:ParquetSource",
        "arrow": "gmf.jobs.inputs.arrow:ArrowSource",
        "conll": "gmf.jobs.inputs.conll:ConllSource",
        "text": "gmf.jobs.inputs.text:TextSource",
        "folder": "gmf.jobs.inputs.folder:FolderSource",
    },
)

#: Options that name columns, and the field of each.
_COLUMNS = {
    "--text-column": "text",
    "--image-column": "images",
    "--id-column": "id",
    "--context-column": "context",
    "--keep-columns": "keep",
}


def open_source(path: Path, *, options: InputOptions) -> InputFormat:
    """Return the rows of an input.

    A file that only a reader of data sets reads is an input too: its tags are then left aside.

    Args:
        path: A file, or a folder of texts and images.
        options: How the samples are found in it.

    Raises:
        ConfigError: If the format is unknown, or a column or an optional package is missing.
        DataError: If the input is absent or cannot be read.
    """
    if not path.exists():
        raise DataError("no such file or folder", path=path)
    name = name_of_format(path, options)
    options = options.model_copy(update={"format": name})
    of_reader = name in readers and name not in input_formats
    _check_columns(SamplesSource if of_reader else input_formats.get(name), options, path)
    if of_reader:
        return SamplesSource(path, options=options, reader=named_reader(name))
    kind = input_formats.get(name)
    if kind.is_folder != path.is_dir():
        raise ConfigError(
            f"{path}: format {name} does not fit; it is a {'folder' if path.is_dir() else 'file'}"
        )
    with input_formats.named_in_errors(name, path=path):
        return kind(path, options=options)


def _check_columns(kind: type[InputFormat], options: InputOptions, path: Path) -> None:
    """Refuse options that name columns of rows which have none."""
    usual = InputOptions()
    given = [
        option
        for option, name in _COLUMNS.items()
        if not kind.has_columns and getattr(options, name) != getattr(usual, name)
    ]
    if given:
        raise ConfigError(
            f"{path}: format {options.format} has no columns; leave out {', '.join(given)}"
        )


@contextmanager
def reading(source: InputFormat) -> Generator[None]:
    """Name the format of an opened source in whatever it raises within; errors of gmf pass.

    Raises:
        ConfigError: If a format of others raises anything else.
    """
    registry, name = _registry_of(source)
    with registry.named_in_errors(name, path=source.path):
        yield


def rows_of(source: InputFormat, shard: Shard) -> Iterator[Row]:
    """Yield the rows of a shard of an opened source.

    Raises:
        TypeError: If a format of others yields something else.
    """
    rows = source.read(shard)
    registry, name = _registry_of(source)
    if registry.origin(name).source == "gmf":
        yield from rows
        return
    for number, row in enumerate(rows, shard.first_row):
        if fault := fault_of_row(row, number):
            raise TypeError(fault)
        yield row


def _registry_of(source: InputFormat) -> tuple[Registry[Any], str]:
    name = source.options.format or ""
    return (input_formats if name in input_formats else readers), name


def name_of_format(path: Path, options: InputOptions) -> str:
    """Return the name of an input's format: stated, or by its ending and what its content shows.

    Raises:
        ConfigError: If it has none that chooses one.
    """
    if options.format is not None:
        return options.format
    if path.is_dir():
        return next(name for name, kind in input_formats.usable().items() if kind.is_folder)
    names = names_by_suffix(readers) | names_by_suffix(input_formats)
    suffix = suffix_of(
        Path(path.name.removesuffix(path.suffix) if compression_of(path) else path.name), names
    )
    if suffix is None:
        endings = ", ".join(names_by_suffix(input_formats) | names_by_suffix(readers))
        raise ConfigError(
            f"{path}: expected a folder or a file that ends with {endings}; for another ending add "
            f"--input-format{input_formats.left_out()}{readers.left_out()}"
        )
    name = names[suffix]
    shown = input_formats.get(name).true_format(path, options) if name in input_formats else None
    return shown or name
