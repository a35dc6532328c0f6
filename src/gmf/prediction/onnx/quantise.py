"""Graphs whose large matrices are whole numbers of eight bits."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from gmf.models.exported_weights import COLUMN_SCALE, ROW_SCALE, ROWS, WHOLE

#: Smaller weights stay in float: there is nothing to gain, and the emission layer is one of them.
MIN_WEIGHTS = 10_000
#: Operators that ONNX Runtime has beside the standard ones.
RUNTIME = "com.microsoft"
#: Constants of the computation, by the name of each in the graph.
CONSTANTS = {
    "eight_bit_centre": np.array(128, np.uint8),
    "eight_bit_step": np.array(1 / 127, np.float32),
    "eight_bit_least_step": np.array(1e-12, np.float32),
    "eight_bit_unit": np.array(1, np.float32),
    "eight_bit_last_axis": np.array([-1], np.int64),
}


def quantise(path: Path, target: Path) -> None:
    """Write a graph with quantised matrix products and tables, for ONNX Runtime.

    Products with large constant matrices: weights get one scale a column and keep 7 of 8 bits, so
    that no processor's 16-bit sums can overflow; the other factor gets one scale a row when it is
    there, so that what a subword becomes depends on its own post alone. (The library's own
    quantiser has one scale for a batch.) Large tables (embeddings): one scale a row; rows become
    float again as they are looked up. All else stays in float.

    Args:
        path: The graph.
        target: File to write.
    """
    model = onnx.load(path)
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    tensors |= {name: numpy_helper.from_array(v, name) for name, v in CONSTANTS.items()}
    nodes: list[onnx.NodeProto] = []
    whole: set[str] = set()
    for node in graph.node:
        if node.op_type == "Gather" and _is_large(tensors.get(node.input[0])):
            nodes += _rows_looked_up(node, tensors)
        elif node.op_type == "MatMul" and _is_large(tensors.get(node.input[1])):
            if node.input[0] not in whole:
                nodes += _in_whole_numbers(node.input[0])
                whole.add(node.input[0])
            nodes += _product(node, tensors)
        else:
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(tensor for name, tensor in tensors.items() if name in used)
    model.opset_import.append(helper.make_opsetid(RUNTIME, 1))
    onnx.save(model, target)


def _is_large(table: onnx.TensorProto | None) -> bool:
    if table is None or len(table.dims) != 2 or table.data_type != onnx.TensorProto.FLOAT:
        return False
    return math.prod(table.dims) >= MIN_WEIGHTS


def _rows_looked_up(
    node: onnx.NodeProto, tensors: dict[str, onnx.TensorProto]
) -> Iterator[onnx.NodeProto]:
    """Yield ``table[ids]`` as ``small_table[ids] * scale[ids]``; add the small table."""
    (table, ids), (output,) = node.input, node.output
    rows, scale = _add_whole(tensors, table, endings=(ROWS, ROW_SCALE), axis=1, most=127)
    found, as_float, of_row = f"{output}_rows", f"{output}_row_float", f"{output}_row_scale"
    yield helper.make_node("Gather", [rows, ids], [found], found)
    yield helper.make_node("Gather", [scale, ids], [of_row], of_row)
    yield helper.make_node("Cast", [found], [as_float], as_float, to=onnx.TensorProto.FLOAT)
    yield helper.make_node("Mul", [as_float, of_row], [output], node.name)


def _in_whole_numbers(name: str) -> Iterator[onnx.NodeProto]:
    """Yield what gives a value of any shape in unsigned whole numbers, and the step of each row."""
    step, each, centres = f"{name}_step", f"{name}_steps", f"{name}_centres"
    shape, flat = f"{name}_shape", f"{name}_flat"
    made: tuple[tuple[str, list[str], str, dict[str, Any]], ...] = (
        ("Abs", [name], f"{name}_size", {}),
        ("ReduceMax", [f"{name}_size", "eight_bit_last_axis"], f"{name}_most", {"keepdims": 1}),
        ("Mul", [f"{name}_most", "eight_bit_step"], f"{name}_plain_step", {}),
        ("Max", [f"{name}_plain_step", "eight_bit_least_step"], step, {}),
        ("Reshape", [step, "eight_bit_last_axis"], each, {}),
        ("Shape", [each], f"{name}_row_count", {}),
        ("Expand", ["eight_bit_centre", f"{name}_row_count"], centres, {}),
        ("Flatten", [name], flat, {"axis": -1}),
        ("QuantizeLinear", [flat, each, centres], f"{name}_flat_whole", {"axis": 0}),
        ("Shape", [name], shape, {}),
        ("Reshape", [f"{name}_flat_whole", shape], f"{name}_whole", {}),
    )
    for operator, inputs, output, options in made:
        yield helper.make_node(operator, inputs, [output], output, **options)


def _product(
    node: onnx.NodeProto, tensors: dict[str, onnx.TensorProto]
) -> Iterator[onnx.NodeProto]:
    """Yield a product of whole numbers, in float and with its rows' steps; add its matrix."""
    (factor, matrix), (output,) = node.input, node.output
    whole, scale = _add_whole(tensors, matrix, endings=(WHOLE, COLUMN_SCALE), axis=0, most=63)
    inputs = [f"{factor}_whole", whole, "eight_bit_unit", scale, "eight_bit_centre"]
    columns = f"{output}_columns"
    yield helper.make_node("MatMulIntegerToFloat", inputs, [columns], columns, domain=RUNTIME)
    yield helper.make_node("Mul", [columns, f"{factor}_step"], [output], node.name)


def _add_whole(
    tensors: dict[str, onnx.TensorProto],
    name: str,
    *,
    endings: tuple[str, str],
    axis: int,
    most: int,
) -> tuple[str, str]:
    """Add a matrix in whole numbers up to ``most``, and its scales along the other axis, once.

    Returns:
        Their names.
    """
    whole, scale = (name + ending for ending in endings)
    if whole not in tensors:
        values = numpy_helper.to_array(tensors[name])
        scales = np.maximum(np.abs(values).max(axis=axis, keepdims=True), 1e-12) / most
        tensors[whole] = numpy_helper.from_array(np.rint(values / scales).astype(np.int8), whole)
        scales = scales if axis else scales[0]
        tensors[scale] = numpy_helper.from_array(scales.astype(np.float32), scale)
    return whole, scale
