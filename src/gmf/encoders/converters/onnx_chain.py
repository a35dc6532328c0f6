"""Read the convolutions of an ONNX graph, each with the normalisation spelt out after it."""

import importlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gmf.core.errors import EncoderError

_PASSING = ("Cast", "Transpose", "Identity")
#: The normalisation as exported: plus bias, minus mean, times scale, plus shift.
_CHAIN = ("Add", "Sub", "Mul", "Add")


def read_conv_chains(path: Path) -> list[tuple[Tensor, Tensor, Tensor, Tensor, Tensor, str]]:
    """Return weight, bias, mean, scale, shift and source node of every convolution, in order.

    Raises:
        EncoderError: If a convolution is not followed by that chain.
    """
    onnx: Any = importlib.import_module("onnx")
    numpy_helper: Any = importlib.import_module("onnx.numpy_helper")
    graph = onnx.load(str(path), load_external_data=False).graph
    constants = {
        t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer
    }
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]]
    producers = {output: node for node in graph.node for output in node.output}
    consumers: dict[str, list[Any]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            consumers[name].append(node)
    layers: list[tuple[Tensor, Tensor, Tensor, Tensor, Tensor, str]] = []
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        bias, mean, scale, shift = _chain_after(node, consumers=consumers, constants=constants)
        source = _source_of(node.input[0], producers=producers)
        layers.append((constants[node.input[1]], bias, mean, scale, shift, source))
    return layers


def _chain_after(
    conv: Any, *, consumers: dict[str, list[Any]], constants: dict[str, Tensor]
) -> list[Tensor]:
    values: list[Tensor] = []
    current = conv
    for wanted in _CHAIN:
        following = consumers[current.output[0]]
        while len(following) == 1 and following[0].op_type in _PASSING:
            following = consumers[following[0].output[0]]
        kinds = [node.op_type for node in following]
        if kinds != [wanted]:
            raise EncoderError(f"node {conv.name}: expected {wanted} in the chain, got {kinds}")
        (current,) = following
        values += [constants[name].flatten() for name in current.input if name in constants]
    if len(values) != len(_CHAIN):
        raise EncoderError(f"node {conv.name}: expected {len(_CHAIN)} constants, got {len(values)}")
    return values


def _source_of(name: str, *, producers: dict[str, Any]) -> str:
    node = producers.get(name)
    while node is not None and node.op_type in (*_PASSING, "Pad"):
        node = producers.get(node.input[0])
    return "" if node is None else node.name
