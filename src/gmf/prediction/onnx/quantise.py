"""Graphs with matrix products in whole numbers of eight bits."""

import logging
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

#: Smaller weights stay in float: there is nothing to gain, and the emission layer is one of them.
MIN_WEIGHTS = 10_000


def quantise_matmuls(path: Path, target: Path) -> int:
    """Write a graph whose products with large constant matrices are dynamically quantised.

    Weights get one scale a column and keep 7 of 8 bits, so that no processor's 16-bit sums can
    overflow; the other factor is scaled when it is there. All else stays in float.

    Args:
        path: The graph.
        target: File to write.

    Returns:
        How many products were quantised.
    """
    model = onnx.load(path, load_external_data=False)
    sizes = {tensor.name: _size(tensor) for tensor in model.graph.initializer}
    chosen = [
        node.name
        for node in model.graph.node
        if node.op_type == "MatMul" and sizes.get(node.input[1], 0) >= MIN_WEIGHTS
    ]
    logger = logging.getLogger()
    level = logger.level
    # The library advises on the root logger to run its own optimiser first.
    logger.setLevel(logging.ERROR)
    try:
        quantize_dynamic(
            path,
            target,
            op_types_to_quantize=["MatMul"],
            nodes_to_quantize=chosen,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
    finally:
        logger.setLevel(level)
    return len(chosen)


def _size(tensor: onnx.TensorProto) -> int:
    size = 1
    for length in tensor.dims:
        size *= length
    return size
