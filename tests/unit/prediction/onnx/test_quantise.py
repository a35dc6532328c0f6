"""Quantised graphs are smaller and say nearly the same; small weights stay exact."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from gmf.prediction.onnx.quantise import quantise


@pytest.fixture
def graph(tmp_path):
    """Write ``table[ids] @ large @ small`` and return its file."""
    rng = np.random.default_rng(0)
    weights = {
        "table": rng.normal(size=(300, 64)) * rng.uniform(0.01, 3, size=(300, 1)),
        "large": rng.normal(size=(64, 256)),
        "small": rng.normal(size=(256, 5)),
    }
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["words"], "gather"),
        helper.make_node("MatMul", ["words", "large"], ["hidden"], "large_product"),
        helper.make_node("MatMul", ["hidden", "small"], ["emissions"], "small_product"),
    ]
    made = helper.make_graph(
        nodes,
        "tagger",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "words"])],
        [helper.make_tensor_value_info("emissions", TensorProto.FLOAT, ["batch", "words", 5])],
        [numpy_helper.from_array(v.astype(np.float32), name) for name, v in weights.items()],
    )
    path = tmp_path / "exact.onnx"
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, path)
    return path


def run(path):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"ids": np.arange(24).reshape(2, 12)})
    return np.asarray(found)


def test_quantised_graphs_are_smaller_and_nearly_the_same(graph, tmp_path):
    target = tmp_path / "small.onnx"
    quantise(graph, target)
    assert target.stat().st_size < 0.4 * graph.stat().st_size
    exact, found = run(graph), run(target)
    assert 0 < np.abs(found - exact).max() < 0.05 * np.abs(exact).max()
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] > 0.999


def test_small_products_stay_in_float(graph, tmp_path):
    target = tmp_path / "small.onnx"
    quantise(graph, target)
    model = onnx.load(target)
    types = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert types["small"] == TensorProto.FLOAT
    assert "large" not in types
    assert "table" not in types
    assert [node.op_type for node in model.graph.node].count("MatMulInteger") == 1
