"""Write an image encoder as a Hugging Face folder, the same bytes whatever library version runs."""

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from transformers import PreTrainedModel

from gmf.core.errors import EncoderError
from gmf.encoders.writing import writing


def save_image_encoder(
    model: PreTrainedModel, *, folder: Path, processor: Mapping[str, object]
) -> None:
    """Write weights, configuration and image processor.

    Args:
        model: The encoder.
        folder: An existing folder.
        processor: Content of ``preprocessor_config.json``.

    Raises:
        EncoderError: If the weights cannot be written.
    """
    path = folder / "model.safetensors"
    with writing(path, raises=EncoderError):
        save_file(dict(model.state_dict()), path, metadata={"format": "pt"})
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    text = json.dumps(processor, indent=2) + "\n"
    (folder / "preprocessor_config.json").write_text(text, encoding="utf-8")
