"""The image processor is the one of Pillow, whatever else is installed."""

from transformers import AutoImageProcessor

from gmf.encoders.image_processors import load_image_processor
from gmf.testing import tiny_image_processor


def test_pillow_is_asked_for(tmp_path, monkeypatch):
    tiny_image_processor().save_pretrained(tmp_path)
    load, asked = AutoImageProcessor.from_pretrained, []
    monkeypatch.setattr(
        AutoImageProcessor, "from_pretrained", lambda *a, **o: (asked.append(o), load(*a, **o))[1]
    )
    assert type(load_image_processor(tmp_path)).__name__ == "MobileNetV2ImageProcessorPil"
    assert asked[0]["backend"] == "pil"
