"""An input by its name."""

from pathlib import Path

from gmf.core.errors import ConfigError, DataError
from gmf.jobs.inputs.conll import ConllSource
from gmf.jobs.inputs.csv import CsvSource
from gmf.jobs.inputs.folder import FolderSource
from gmf.jobs.inputs.jsonl import JsonlSource
from gmf.jobs.inputs.parquet import ParquetSource
from gmf.jobs.inputs.rows import InputFormat, InputOptions, RowSource

#: Format of each file ending.
INPUT_SUFFIXES: dict[str, InputFormat] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".conll": "conll",
    ".txt": "conll",
}


def open_source(path: Path, *, options: InputOptions) -> RowSource:
    """Return the rows of an input.

    Args:
        path: A file, or a folder of texts and images.
        options: How the posts are found in it.

    Raises:
        ConfigError: If the format is unknown, or a column or an optional package is missing.
        DataError: If the input is absent or cannot be read.
    """
    if not path.exists():
        raise DataError("no such file or folder", path=path)
    kind = options.format or (
        "folder" if path.is_dir() else INPUT_SUFFIXES.get(path.suffix.lower())
    )
    if kind is None:
        endings = ", ".join(INPUT_SUFFIXES)
        raise ConfigError(
            f"{path}: expected a folder or a file that ends with {endings}; for another ending add "
            "--input-format"
        )
    if (kind == "folder") != path.is_dir():
        raise ConfigError(
            f"{path}: format {kind} does not fit; it is a {'folder' if path.is_dir() else 'file'}"
        )
    if kind == "folder":
        return FolderSource(path)
    if kind == "conll":
        return ConllSource(path, options=options)
    makers = {"jsonl": JsonlSource, "csv": CsvSource, "parquet": ParquetSource}
    return makers[kind](path, options=options)
