import pytest
import torch
from PIL import Image

from gmf.core.errors import EncoderError
from gmf.regions.base import RegionRequest
from gmf.regions.nanodet import NanoDetProposer, prepare
from gmf.regions.yolo import YoloConfig


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose network sees one dog twice and a person."""
    (tmp_path / "net.ts.pt").write_bytes(b"program")
    (tmp_path / "coco.names").write_text("person\ndog\n")
    boxes = torch.tensor([[0, 0, 208, 416], [0, 0, 208, 400], [208, 0, 416, 208]]).float()
    scores = torch.tensor([[0.0, 0.9], [0.0, 0.8], [0.5, 0.05]])

    class Network(torch.nn.Module):
        def forward(self, pixels):
            return boxes, scores

    monkeypatch.setattr(torch.jit, "load", lambda path, map_location: Network())
    return tmp_path


def test_boxes_in_pixels_of_the_image_each_object_once(folder):
    proposer = NanoDetProposer(folder, config=YoloConfig(min_score=0.1))
    (found,) = proposer.propose([RegionRequest("a.jpg", Image.new("RGB", (100, 50)))])
    assert [(region.label, region.box) for region in found] == [
        ("dog", (0, 0, 50, 50)),
        ("person", (50, 0, 100, 25)),
    ]
    assert proposer.source.startswith("nanodet@")


def test_input_is_blue_first_and_normalised():
    pixels = prepare(Image.new("RGB", (10, 20), (255, 0, 0)))
    assert pixels.shape == (1, 3, 416, 416)
    expected = [-103.53 / 57.375, -116.28 / 57.12, (255 - 123.675) / 58.395]
    assert pixels[0, :, 5, 5].tolist() == pytest.approx(expected)


def test_folder_must_hold_the_network(tmp_path):
    with pytest.raises(EncoderError, match=r"expected one \*.ts.pt and coco.names"):
        NanoDetProposer(tmp_path, config=YoloConfig())
