"""An output by its name."""

from importlib import import_module
from pathlib import Path
from typing import Literal

from gmf.core.errors import ConfigError
from gmf.jobs.outputs.base import OutputFormat

OutputName = Literal["jsonl", "parquet", "conll", "brat", "label-studio", "spacy"]

#: Name to ``module:class``; imported when asked for.
OUTPUTS: dict[OutputName, str] = {
    "jsonl": "jsonl:JsonlFormat",
    "parquet": "parquet:ParquetFormat",
    "conll": "conll:ConllFormat",
    "brat": "brat:BratFormat",
    "label-studio": "jsonl:LabelStudioFormat",
    "spacy": "docbin:DocBinFormat",
}
#: Format of each ending; brat has none.
OUTPUT_SUFFIXES: dict[str, OutputName] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".conll": "conll",
    ".txt": "conll",
    ".json": "label-studio",
    ".spacy": "spacy",
}


def output_name(path: Path, name: OutputName | None = None) -> OutputName:
    """Return the format of an output: the one that is named, or that of the path's ending.

    Raises:
        ConfigError: If neither says it.
    """
    found = name or OUTPUT_SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise ConfigError(
            f"{path}: expected an output that ends with {', '.join(OUTPUT_SUFFIXES)}; for brat, or "
            "another ending, add --output-format"
        )
    return found


def output_format(name: OutputName) -> OutputFormat:
    """Return a format.

    Raises:
        ConfigError: If an optional package is missing.
    """
    module, _, attribute = OUTPUTS[name].partition(":")
    return getattr(import_module(f"gmf.jobs.outputs.{module}"), attribute)()
