from random import Random

import pytest
import torch
from PIL import Image
from transformers import (
    CLIPTokenizer,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoProcessor,
    Owlv2Config,
    Owlv2ForObjectDetection,
    Owlv2Processor,
)
from transformers.models.grounding_dino.image_processing_pil_grounding_dino import (
    GroundingDinoImageProcessorPil,
)
from transformers.models.owlv2.image_processing_pil_owlv2 import Owlv2ImageProcessorPil

from gmf.regions.base import RegionRequest
from gmf.regions.grounding import (
    GroundingConfig,
    GroundingProposer,
    best_query,
    sentence_of,
    token_places,
)
from gmf.testing import tiny_tokenizer


def tiny_dino(folder):
    tokenizer = tiny_tokenizer()
    config = GroundingDinoConfig(
        backbone_config={
            "model_type": "swin",
            "image_size": 32,
            "embed_dim": 8,
            "depths": [1, 1, 1],
            "num_heads": [1, 1, 1],
            "window_size": 2,
            "out_features": ["stage1", "stage2", "stage3"],
        },
        text_config={
            "model_type": "bert",
            "vocab_size": len(tokenizer),
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 16,
        },
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=6,
        num_feature_levels=3,
        max_text_len=64,
    )
    model = GroundingDinoForObjectDetection(config)
    processor = GroundingDinoProcessor(
        GroundingDinoImageProcessorPil(size={"shortest_edge": 32, "longest_edge": 64}), tokenizer
    )
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


def tiny_owl(folder):
    letters = [chr(n) for n in range(ord("a"), ord("z") + 1)]
    pieces = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    tokenizer = CLIPTokenizer(
        vocab={piece: n for n, piece in enumerate(pieces)}, merges=[], model_max_length=16
    )
    config = Owlv2Config(
        text_config={
            "vocab_size": len(pieces),
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "max_position_embeddings": 16,
            "bos_token_id": len(pieces) - 2,
            "eos_token_id": len(pieces) - 1,
        },
        vision_config={
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "image_size": 32,
            "patch_size": 16,
        },
        projection_dim=16,
    )
    model = Owlv2ForObjectDetection(config)
    processor = Owlv2Processor(Owlv2ImageProcessorPil(size={"height": 32, "width": 32}), tokenizer)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


@pytest.fixture(params=["grounding-dino", "owlv2"])
def proposer(request, tmp_path):
    folder = tmp_path / "model"
    if request.param == "owlv2":
        tiny_owl(folder)
    else:
        tiny_dino(folder)
    config = GroundingConfig(min_score=0.0, phrases="chunker")
    return GroundingProposer(request.param, model=str(folder), config=config)


def test_boxes_carry_the_phrases_that_were_asked_for(proposer):
    requests = [
        RegionRequest("a.jpg", Image.new("RGB", (60, 40), "red"), (("Rocky", "is", "Ready"),)),
        RegionRequest("b.jpg", Image.effect_noise((40, 60), 90).convert("RGB")),
    ]
    found = proposer.propose(requests)
    assert len(found) == 2
    for request, regions in zip(requests, found, strict=True):
        asked = proposer.queries_of(request.texts)
        assert regions
        for region in regions:
            assert region.label in asked
            assert 0 <= region.score <= 1
            assert len(region.box) == 4
    assert proposer.propose([]) == []


def test_boxes_are_in_pixels_of_the_image(proposer):
    small = Image.frombytes("RGB", (32, 32), Random(0).randbytes(3 * 32 * 32))
    large = small.resize((320, 320), Image.Resampling.NEAREST)
    few = proposer.propose([RegionRequest("a.jpg", small)])[0]
    many = proposer.propose([RegionRequest("a.jpg", large)])[0]
    far = [max(edge for region in found for edge in region.box) for found in (few, many)]
    assert far[1] > 3 * far[0]


def test_dino_boxes_scale_with_the_sides_of_the_image(tmp_path):
    tiny_dino(tmp_path)
    config = GroundingConfig(min_score=0.0, phrases="chunker")
    proposer = GroundingProposer("grounding-dino", model=str(tmp_path), config=config)
    picture = Image.effect_noise((90, 30), 90).convert("RGB")
    (found,) = proposer.propose([RegionRequest("a.jpg", picture)])
    sentence = sentence_of(proposer.queries_of([]))
    inputs = proposer._processor(images=[picture], text=[sentence], return_tensors="pt")
    with torch.no_grad():
        boxes = proposer._model(**inputs).pred_boxes[0]
    for region, (x, y, width, height) in zip(found, boxes.tolist(), strict=True):
        left, top, right, bottom = region.box
        assert (left + right) / 2 == pytest.approx(90 * x, abs=1e-3)
        assert (top + bottom) / 2 == pytest.approx(30 * y, abs=1e-3)
        assert right - left == pytest.approx(90 * width, abs=1e-3)
        assert bottom - top == pytest.approx(30 * height, abs=1e-3)


def test_queries_are_phrases_then_types_without_repeats(proposer):
    texts = [("Kim", "Davis", "met", "Person", "!"), ("kim", "davis")]
    assert proposer.queries_of(texts) == [
        "kim davis",
        "person",
        "location",
        "organization",
        "misc",
    ]


def test_boxes_are_named_by_the_query_of_their_best_token():
    queries = ["ann lee", "snow", "rocky"]
    tokenizer = tiny_tokenizer()
    places = token_places(tokenizer, queries)
    pieces = tokenizer.convert_ids_to_tokens(tokenizer(sentence_of(queries))["input_ids"])
    assert sentence_of(queries) == "ann lee. snow. rocky."
    assert [[pieces[n] for n in tokens] for tokens in places] == [
        ["a", "##n", "##n", "l", "##e", "##e"],
        ["snow"],
        ["rocky"],
    ]
    probability = torch.zeros(32)
    probability[0] = 0.9  # a special token names nothing
    probability[places[1][0]] = 0.3
    assert best_query(probability, positions=places, queries=queries) == "snow"
    probability[places[0][4]] = 0.4
    assert best_query(probability, positions=places, queries=queries) == "ann lee"


def test_nothing_asked_nothing_found(proposer):
    proposer.config = proposer.config.model_copy(update={"type_words": ()})
    assert proposer.propose([RegionRequest("a.jpg", Image.new("RGB", (9, 9)))]) == [[]]
    assert torch.is_grad_enabled()
