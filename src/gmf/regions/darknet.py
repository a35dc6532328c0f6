"""Darknet networks in torch: description and weights file, with nothing but torch's own layers.

Source: Redmon and Farhadi, YOLOv3 (2018), and the file format of pjreddie/darknet.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from gmf.core.errors import EncoderError

#: Three version numbers of 32 bits and a count of seen images of 64 bits.
_HEADER_BYTES = 20
_BATCH_NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class YoloHead:
    """Where boxes are read off.

    Args:
        anchors: ``(width, height)`` of each anchor, in pixels of the network's input.
        num_classes: Classes.
    """

    anchors: tuple[tuple[float, float], ...]
    num_classes: int


Section = dict[str, str]


class Darknet(nn.Module):
    """A network described by a Darknet ``.cfg`` file.

    Args:
        sections: What `read_sections` returned.

    Raises:
        EncoderError: If a section is of an unknown kind or names an impossible layer.
    """

    def __init__(self, sections: list[Section]) -> None:
        super().__init__()
        net, *layers = sections
        self.input_size = int(net["width"])
        self.layers = nn.ModuleList()
        self.heads: list[YoloHead] = []
        self._sources: list[list[int]] = []
        self._is_head: list[bool] = []
        channels = [int(net["channels"])]
        for index, section in enumerate(layers):
            kind = section["type"]
            sources = [index - 1]
            width = channels[-1]
            if kind == "convolutional":
                width = int(section["filters"])
                layer: nn.Module = _Convolution(section, channels[-1])
            elif kind == "maxpool":
                layer = _MaxPool(int(section["size"]), stride=int(section["stride"]))
            elif kind == "upsample":
                layer = nn.Upsample(scale_factor=int(section["stride"]), mode="nearest")
            elif kind == "route":
                relative = [int(part) for part in section["layers"].split(",")]
                sources = [part if part >= 0 else index + part for part in relative]
                if not all(0 <= source < index for source in sources):
                    raise EncoderError(f"layer {index}: routes from {relative}, which do not exist")
                width = sum(channels[source + 1] for source in sources)
                layer = nn.Identity()
            elif kind == "yolo":
                self.heads.append(_head_of(section))
                layer = nn.Identity()
            else:
                raise EncoderError(f"layer {index}: unknown kind {kind!r} of Darknet layer")
            self.layers.append(layer)
            self._sources.append(sources)
            self._is_head.append(kind == "yolo")
            channels.append(width)

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> list[Tensor]:
        """Return the raw map of each head, coarse to fine: ``(batch, filters, rows, columns)``."""
        outputs: list[Tensor] = []
        for layer, sources in zip(self.layers, self._sources, strict=True):
            inputs = [pixels if source < 0 else outputs[source] for source in sources]
            outputs.append(layer(inputs[0] if len(inputs) == 1 else torch.cat(inputs, dim=1)))
        return [out for out, is_head in zip(outputs, self._is_head, strict=True) if is_head]

    def load_weights(self, path: Path) -> None:
        """Read a Darknet weights file.

        Raises:
            EncoderError: If the file has not exactly as many values as the network.
        """
        values = torch.from_numpy(np.fromfile(path, dtype="<f4", offset=_HEADER_BYTES))
        wanted = [tensor for layer in self.layers for tensor in _weights_of(layer)]
        total = sum(tensor.numel() for tensor in wanted)
        if total != values.numel():
            raise EncoderError(f"{path}: expected {total} weights, got {values.numel()}")
        start = 0
        with torch.no_grad():
            for tensor in wanted:
                tensor.copy_(values[start : start + tensor.numel()].view_as(tensor))
                start += tensor.numel()


class _Convolution(nn.Module):
    """A convolution, then normalisation and leaky rectifier where the section says so."""

    def __init__(self, section: Section, channels: int) -> None:
        super().__init__()
        size, filters = int(section["size"]), int(section["filters"])
        self.is_normalised = section.get("batch_normalize", "0") == "1"
        self.is_leaky = section["activation"] == "leaky"
        if section["activation"] not in ("leaky", "linear"):
            raise EncoderError(f"unknown activation {section['activation']!r} of Darknet layer")
        self.convolution = nn.Conv2d(
            channels,
            filters,
            size,
            stride=int(section["stride"]),
            padding=size // 2 if section.get("pad", "0") == "1" else 0,
            bias=not self.is_normalised,
        )
        self.norm = nn.BatchNorm2d(filters, eps=_BATCH_NORM_EPSILON) if self.is_normalised else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        x = x if self.norm is None else self.norm(x)
        return F.leaky_relu(x, 0.1) if self.is_leaky else x


class _MaxPool(nn.Module):
    """Darknet's pooling: with stride 1 the map keeps its size, padded at the far edges."""

    def __init__(self, size: int, *, stride: int) -> None:
        super().__init__()
        self.size, self.stride = size, stride

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            x = F.pad(x, (0, self.size - 1, 0, self.size - 1), value=float("-inf"))
        return F.max_pool2d(x, self.size, self.stride)


def read_sections(path: Path) -> list[Section]:
    """Read a Darknet description: sections in order, the kind under ``type``.

    Raises:
        EncoderError: If the file cannot be read or is no such description.
    """
    sections: list[Section] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EncoderError(f"{path}: cannot be read ({error})") from error
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text.startswith("[") and text.endswith("]"):
            sections.append({"type": text[1:-1]})
        elif text:
            key, equals, value = text.partition("=")
            if not equals or not sections:
                raise EncoderError(f"{path}:{number}: expected [section] or key=value: {text!r}")
            sections[-1][key.strip()] = value.strip()
    if not sections or sections[0]["type"] != "net":
        raise EncoderError(f"{path}: expected a Darknet description that begins with [net]")
    return sections


def _head_of(section: Section) -> YoloHead:
    sides = [float(part) for part in section["anchors"].split(",")]
    pairs = list(zip(sides[::2], sides[1::2], strict=True))
    chosen = tuple(pairs[int(part)] for part in section["mask"].split(","))
    return YoloHead(chosen, int(section["classes"]))


def _weights_of(layer: nn.Module) -> list[Tensor]:
    """Return a layer's tensors in the order of the file."""
    if not isinstance(layer, _Convolution):
        return []
    convolution, norm = layer.convolution, layer.norm
    if norm is None:
        return [cast(Tensor, convolution.bias), convolution.weight]
    mean, variance = cast(Tensor, norm.running_mean), cast(Tensor, norm.running_var)
    return [norm.bias, norm.weight, mean, variance, convolution.weight]
