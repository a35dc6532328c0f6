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
    assert [node.op_type for node in model.graph.node].count("MatMulIntegerToFloat") == 1


def test_a_row_is_the_same_whatever_rows_are_beside_it(graph, tmp_path):
    """Rows of the table differ in size by two orders, and the largest must not set the step."""
    target = tmp_path / "small.onnx"
    quantise(graph, target)
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    (together,) = session.run(None, {"ids": np.arange(24).reshape(2, 12)})
    for post, word in np.ndindex(2, 12):
        (alone,) = session.run(None, {"ids": np.array([[12 * post + word]])})
        np.testing.assert_array_equal(alone[0, 0], together[post, word])


def test_a_row_of_zeros_stays_one(graph, tmp_path):
    exact, target = onnx.load(graph), tmp_path / "small.onnx"
    table = next(tensor for tensor in exact.graph.initializer if tensor.name == "table")
    values = numpy_helper.to_array(table).copy()
    values[3] = 0
    table.CopyFrom(numpy_helper.from_array(values, "table"))
    onnx.save(exact, graph)
    quantise(graph, target)
    assert np.array_equal(run(target)[0, 3], np.zeros(5))
