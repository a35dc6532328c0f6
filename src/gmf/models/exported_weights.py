"""The weights of an exported model, for another to begin with: read back from its graph."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.extras import require_extra
from gmf.inference.exported_folder import TAGGER_GRAPH, ExportInfo, read_info

if TYPE_CHECKING:
    import onnx

#: Endings of constants that the exporter has turned, and of the parts of quantised ones.
TRANSPOSED = ".transposed"
ROWS, ROW_SCALE = "_rows", "_row_scale"
WHOLE, COLUMN_SCALE = "_quantized", "_scale"
#: Ending of the zeros that exports of gmf 0.2.0 have beside each matrix in eight bits.
_ZERO = "_zero_point"
#: What the names of weights begin with in the graph, and do not in the model.
_PREFIX = "model."


def exported_weights(folder: Path) -> tuple[ExportInfo, dict[str, Tensor]]:
    """Return what an exported folder says of its model, and the model's weights by name.

    Weights in eight bits are what they stand for, within half a step of their scale.

    Raises:
        CheckpointError: If the folder is damaged.
        ConfigError: If the model reads images, whose layers the exporter merges, or ``onnx`` is not
            installed.
    """
    require_extra("onnx", extra="onnx", purpose="init from an exported model")
    import onnx

    info = read_info(folder)
    if info.images:
        raise ConfigError(
            f"{folder}: an exported {info.model}, which reads images: its graph merges weights; "
            "give the run or checkpoint that it was exported from"
        )
    try:
        graph = onnx.load(folder / TAGGER_GRAPH).graph
    except Exception as error:  # What protobuf raises is wide and changes with its version.
        raise CheckpointError(f"{folder / TAGGER_GRAPH}: damaged: {error}") from error
    weights = {
        name.removeprefix(_PREFIX): torch.from_numpy(values.copy())
        for name, values in _constants(graph)
        if name.startswith(_PREFIX)
    }
    for key in ("transitions", "start", "end"):
        weights[f"head.crf.{key}"] = torch.tensor(getattr(info.crf, key))
    return info, weights


def _constants(graph: "onnx.GraphProto") -> Iterator[tuple[str, np.ndarray]]:
    """Yield the weights of a graph in float, as their layers have them."""
    from onnx import numpy_helper

    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    parts = {
        stem.removesuffix(whole) + ending
        for stem in arrays
        for whole, endings in ((WHOLE, (COLUMN_SCALE, _ZERO)), (ROWS, (ROW_SCALE,)))
        if stem.endswith(whole)
        for ending in endings
    }
    for name in arrays.keys() - parts:
        values = arrays[name]
        if name.endswith(WHOLE):
            name = name.removesuffix(WHOLE)
            values = values.astype(np.float32) * arrays[name + COLUMN_SCALE]
        elif name.endswith(ROWS):
            name = name.removesuffix(ROWS)
            values = values.astype(np.float32) * arrays[name + ROW_SCALE]
        if name.endswith(TRANSPOSED):
            name, values = name.removesuffix(TRANSPOSED), values.T
        yield name, values
