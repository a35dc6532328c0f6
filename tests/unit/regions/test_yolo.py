import numpy as np
import pytest
import torch
from PIL import Image

from gmf.core.errors import EncoderError
from gmf.encoders.digest import write_digest
from gmf.regions.base import RegionRequest
from gmf.regions.darknet import Darknet, YoloHead, read_sections
from gmf.regions.yolo import (
    FINE_ANCHORS,
    YoloConfig,
    YoloProposer,
    decode,
    letterbox,
    undo_letterbox,
)

CFG = """
[net]
width=64
height=64
channels=3

[convolutional]
batch_normalize=1
filters=4
size=3
stride=2
pad=1
activation=leaky

[maxpool]
size=2
stride=2

[convolutional]
filters={filters}
size=1
stride=1
pad=1
activation=linear

[yolo]
mask = 3,4,5
anchors = 10,14,  23,27,  37,58,  81,82,  135,169,  344,319
classes=2
num=6

[route]
layers = -3

[maxpool]
size=2
stride=1

[upsample]
stride=2

[route]
layers = -1, 0

[convolutional]
filters={filters}
size=1
stride=1
pad=1
activation=linear

[yolo]
mask = 0,1,2
anchors = 10,14,  23,27,  37,58,  81,82,  135,169,  344,319
classes=2
num=6
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "yolov3-tiny.cfg").write_text(CFG.format(filters=21))
    (tmp_path / "coco.names").write_text("person\ndog\n")
    network = Darknet(read_sections(tmp_path / "yolov3-tiny.cfg"))
    count = sum(v.numel() for k, v in network.state_dict().items() if "num_batches" not in k)
    values = np.random.default_rng(0).uniform(0.01, 0.2, count).astype("<f4")
    (tmp_path / "yolov3-tiny.weights").write_bytes(bytes(20) + values.tobytes())
    write_digest(tmp_path)
    return tmp_path


def test_weights_are_read_in_darknets_order(folder):
    network = Darknet(read_sections(folder / "yolov3-tiny.cfg"))
    network.load_weights(folder / "yolov3-tiny.weights")
    values = np.frombuffer((folder / "yolov3-tiny.weights").read_bytes()[20:], dtype="<f4")
    first = network.layers[0]
    order = [first.norm.bias, first.norm.weight, first.norm.running_mean, first.norm.running_var]
    for position, tensor in enumerate(order):
        np.testing.assert_array_equal(
            tensor.detach().numpy(), values[4 * position : 4 * position + 4]
        )
    np.testing.assert_array_equal(
        first.convolution.weight.detach().numpy().ravel(), values[16 : 16 + 108]
    )
    np.testing.assert_array_equal(
        network.layers[2].convolution.bias.detach().numpy(), values[124 : 124 + 21]
    )


def test_network_computes_its_description(folder):
    network = Darknet(read_sections(folder / "yolov3-tiny.cfg")).eval()
    network.load_weights(folder / "yolov3-tiny.weights")
    pixels = torch.rand(2, 3, 64, 64)
    coarse, fine = network(pixels)
    assert (coarse.shape, fine.shape) == ((2, 21, 16, 16), (2, 21, 32, 32))
    first = torch.nn.functional.leaky_relu(
        network.layers[0].norm(network.layers[0].convolution(pixels)), 0.1
    )
    pooled = torch.nn.functional.max_pool2d(first, 2, 2)
    torch.testing.assert_close(coarse, network.layers[2].convolution(pooled))
    # pooling with stride 1 looks right and down and keeps the size
    grown = torch.nn.functional.pad(pooled, (0, 1, 0, 1), value=-torch.inf).unfold(2, 2, 1)
    same = grown.unfold(3, 2, 1).amax((-1, -2))
    doubled = same.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(
        fine, network.layers[8].convolution(torch.cat([doubled, first], dim=1))
    )


def test_wrong_files_are_named(folder):
    weights = folder / "yolov3-tiny.weights"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(EncoderError, match=r"weights: expected \d+ weights, got \d+"):
        YoloProposer(folder, config=YoloConfig())
    cfg = folder / "yolov3-tiny.cfg"
    cfg.write_text("[net]\nwidth=1\nchannels=3\n[capsule]\n")
    with pytest.raises(EncoderError, match="unknown kind 'capsule'"):
        Darknet(read_sections(cfg))
    cfg.write_text("filters\n")
    with pytest.raises(EncoderError, match=r"cfg:1: expected \[section\] or key=value"):
        read_sections(cfg)
    with pytest.raises(EncoderError, match="cannot be read"):
        read_sections(folder / "none.cfg")
    cfg.write_text("[net]\nwidth=1\nchannels=3\n[route]\nlayers=3\n")
    with pytest.raises(EncoderError, match="which do not exist"):
        Darknet(read_sections(cfg))


def test_boxes_against_the_formula_one_by_one():
    raw = torch.randn(1, 2 * 7, 3, 4)
    head = YoloHead(((10.0, 20.0), (30.0, 5.0)), 2)
    boxes, scores = decode(raw, head, 64)
    found = boxes[0].numpy()
    for row in range(3):
        for column in range(4):
            for anchor, (width, height) in enumerate(head.anchors):
                x, y, w, h, objectness, *classes = raw[
                    0, anchor * 7 : anchor * 7 + 7, row, column
                ].tolist()
                sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
                centre_x, centre_y = (column + sigmoid(x)) / 4 * 64, (row + sigmoid(y)) / 3 * 64
                half_w, half_h = width * np.exp(w) / 2, height * np.exp(h) / 2
                corner = (
                    centre_x - half_w,
                    centre_y - half_h,
                    centre_x + half_w,
                    centre_y + half_h,
                )
                nearest = np.abs(found - corner).max(axis=1).min()
                assert nearest < 2e-2
                index = (row * 4 + column) * 2 + anchor
                expected = [sigmoid(objectness) * sigmoid(c) for c in classes]
                np.testing.assert_allclose(scores[0, index].tolist(), expected, rtol=1e-4)


def test_letterbox_keeps_the_shape_and_can_be_undone():
    picture = Image.new("RGB", (200, 100), "red")
    pixels = letterbox(picture, size=64)
    assert pixels.shape == (3, 64, 64)
    assert pixels[:, 0, 0].tolist() == pytest.approx([128 / 255] * 3)
    assert pixels[:, 32, 32].tolist() == [1, 0, 0]
    whole = np.array([[0, 16, 64, 48]], dtype=np.float32)
    np.testing.assert_allclose(
        undo_letterbox(whole, size=(200, 100), input_size=64), [[0, 0, 200, 100]]
    )


def test_proposer_uses_the_anchors_of_training_and_names_its_source(folder):
    proposer = YoloProposer(folder, config=YoloConfig(min_score=0.1))
    assert proposer._heads[1].anchors == FINE_ANCHORS
    requests = [
        RegionRequest(f"{n}.jpg", Image.effect_noise((50 + n, 40), 90).convert("RGB"))
        for n in range(2)
    ]
    found = proposer.propose(requests)
    assert all(found)
    assert {region.label for regions in found for region in regions} <= {"person", "dog"}
    alone = proposer.propose(requests[1:])[0]
    assert len(alone) == len(found[1])
    for one, other in zip(alone, found[1], strict=True):
        assert one.box == pytest.approx(other.box, abs=1e-2)
    other = YoloProposer(folder, config=YoloConfig(min_score=0.02))
    assert proposer.source.startswith("yolov3-tiny@")
    assert proposer.source != other.source
    assert proposer.propose([]) == []


def test_names_must_fit_the_classes(folder):
    (folder / "coco.names").write_text("person\n")
    with pytest.raises(EncoderError, match="1 names, 2 classes"):
        YoloProposer(folder, config=YoloConfig())
