"""Graphs whose large matrices are whole numbers of eight bits."""

import logging
import math
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from gmf.models.exported_weights import ROW_SCALE, ROWS

#: Smaller weights stay in float: there is nothing to gain, and the emission layer is one of them.
MIN_WEIGHTS = 10_000


def quantise(path: Path, target: Path) -> None:
    """Write a graph with quantised matrix products and tables.

    Products with large constant matrices: weights get one scale a column and keep 7 of 8 bits, so
    that no processor's 16-bit sums can overflow; the other factor is scaled when it is there.
    Large tables (embeddings): one scale a row; rows become float again as they are looked up. All
    else stays in float.

    Args:
        path: The graph.
        target: File to write.
    """
    model = onnx.load(path)
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in model.graph.initializer}
    products = [
        node.name
        for node in model.graph.node
        if node.op_type == "MatMul" and sizes.get(node.input[1], 0) >= MIN_WEIGHTS
    ]
    _quantise_tables(model.graph)
    logger = logging.getLogger()
    level = logger.level
    # The library advises on the root logger to run its own optimiser first.
    logger.setLevel(logging.ERROR)
    try:
        quantize_dynamic(
            model,
            target,
            op_types_to_quantize=["MatMul"],
            nodes_to_quantize=products,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
    finally:
        logger.setLevel(level)


def _quantise_tables(graph: onnx.GraphProto) -> None:
    """Replace ``table[ids]`` by ``small_table[ids] * scale[ids]``."""
    tables = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        table = tables.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or not _is_large(table):
            nodes.append(node)
            continue
        if f"{table.name}{ROWS}" not in tables:
            tables.update(_small_table(table))
        name, (output,) = node.name, node.output
        nodes += [
            helper.make_node(
                "Gather", [f"{table.name}{ROWS}", node.input[1]], [f"{output}_rows"], f"{name}_rows"
            ),
            helper.make_node(
                "Gather",
                [f"{table.name}{ROW_SCALE}", node.input[1]],
                [f"{output}_row_scale"],
                f"{name}_row_scale",
            ),
            helper.make_node(
                "Cast",
                [f"{output}_rows"],
                [f"{output}_row_float"],
                f"{name}_row_float",
                to=onnx.TensorProto.FLOAT,
            ),
            helper.make_node("Mul", [f"{output}_row_float", f"{output}_row_scale"], [output], name),
        ]
    used = {name for node in nodes for name in node.input}
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(tensor for name, tensor in tables.items() if name in used)


def _is_large(table: onnx.TensorProto) -> bool:
    is_float_matrix = len(table.dims) == 2 and table.data_type == onnx.TensorProto.FLOAT
    return is_float_matrix and math.prod(table.dims) >= MIN_WEIGHTS


def _small_table(table: onnx.TensorProto) -> dict[str, onnx.TensorProto]:
    values = numpy_helper.to_array(table)
    scale = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-12) / 127
    small = {
        f"{table.name}{ROWS}": np.rint(values / scale).astype(np.int8),
        f"{table.name}{ROW_SCALE}": scale.astype(np.float32),
    }
    return {name: numpy_helper.from_array(array, name) for name, array in small.items()}
