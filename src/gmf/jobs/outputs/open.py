"""Output formats by name, and the format of an output by its path."""

from pathlib import Path

from gmf.core.errors import ConfigError
from gmf.core.registry import Registry
from gmf.core.suffixes import names_by_suffix, suffix_of
from gmf.jobs.outputs.base import OutputFormat
from gmf.reading.compression import compression_of

output_formats: Registry[type[OutputFormat]] = Registry(
    "output format",
    group="gmf.output_formats",
    base=OutputFormat,
    built_in={
        "jsonl": "gmf.jobs.outputs.jsonl:JsonlFormat",
        "parquet": "gmf.jobs.outputs.parquet:ParquetFormat",
        "csv": "gmf.jobs.outputs.csv:CsvFormat",
        "tsv": "gmf.jobs.outputs.csv:TsvFormat",
        "conll": "gmf.jobs.outputs.exchanged:ConllOutput",
        "conll-plain": "gmf.jobs.outputs.exchanged:PlainConllOutput",
        "brat": "gmf.jobs.outputs.exchanged:BratOutput",
        "label-studio": "gmf.jobs.outputs.exchanged:LabelStudioOutput",
        "spacy": "gmf.jobs.outputs.exchanged:DocBinOutput",
        "doccano": "gmf.jobs.outputs.exchanged:DoccanoOutput",
        "prodigy": "gmf.jobs.outputs.exchanged:ProdigyOutput",
        "gliner": "gmf.jobs.outputs.exchanged:GlinerOutput",
        "huggingface": "gmf.jobs.outputs.exchanged:HuggingFaceOutput",
        "webanno": "gmf.jobs.outputs.exchanged:WebAnnoOutput",
    },
)


def output_name(path: Path, name: str | None = None) -> str:
    """Return the format of an output: the one that is named, or that of the path's ending.

    Raises:
        ConfigError: If there is no such format, or no name and an ending that chooses none.
    """
    if name is not None:
        output_formats.get(name)
        return name
    names = names_by_suffix(output_formats)
    plain = path.with_suffix("") if compression_of(path) else path
    suffix = suffix_of(plain, names)
    if suffix is None:
        raise ConfigError(
            f"{path}: expected an output that ends with {', '.join(names)}; for brat, or another "
            f"ending, add --output-format{output_formats.left_out()}"
        )
    return names[suffix]
