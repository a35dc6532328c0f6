"""The describers that come along: a captioner of the real class, and RapidOCR on drawn text."""

import pytest
from fixtures.captioner import WORDS, save_tiny_blip, save_tiny_llava
from PIL import Image, ImageDraw, ImageFont

from gmf.context.base import DescriberChoice
from gmf.context.registry import build_describer
from gmf.core.errors import EncoderError


@pytest.fixture(scope="module")
def tiny_blip(tmp_path_factory):
    return save_tiny_blip(tmp_path_factory.mktemp("blip"))


def test_a_captioner_of_transformers_describes_each_image(tiny_blip):
    choice = DescriberChoice("captioner", (str(tiny_blip),), {"max_tokens": 5})
    describer = build_describer(choice)
    images = [Image.new("RGB", (20, 30), "red"), Image.new("RGB", (40, 10), "blue")]
    texts = describer.describe(images)
    assert describer.field == "caption"
    assert len(texts) == 2
    assert all(set(text.split()) <= set(WORDS) for text in texts)
    assert texts == [*describer.describe(images[:1]), *describer.describe(images[1:])]
    assert describer.source == build_describer(choice).source
    other = build_describer(DescriberChoice("captioner", (str(tiny_blip),), {"max_tokens": 6}))
    assert other.source != describer.source


def test_a_model_that_chats_is_asked_and_its_answer_alone_is_kept(tmp_path):
    options = {"max_tokens": 4, "prompt": "in the snow on the sea a cat"}
    describer = build_describer(
        DescriberChoice("captioner", (str(save_tiny_llava(tmp_path)),), options)
    )
    texts = describer.describe([Image.new("RGB", (20, 30), "red"), Image.new("RGB", (9, 9))])
    assert [len(text.split()) for text in texts] == [4, 4]
    assert all(set(text.split()) <= set(WORDS) for text in texts)


def test_a_captioner_that_cannot_be_loaded_says_what_to_do(tmp_path):
    with pytest.raises(EncoderError, match=r"could not be loaded.*--from.*context.jsonl"):
        build_describer(DescriberChoice("captioner", (str(tmp_path),)))


def test_text_in_an_image_is_read_from_top_to_bottom():
    pytest.importorskip("rapidocr")
    image = Image.new("RGB", (300, 100), "white")
    draw = ImageDraw.Draw(image)
    for top, line in ((10, "Welcome to Oslo"), (55, "Open daily")):
        draw.text((10, top), line, fill="black", font=ImageFont.load_default(32))
    describer = build_describer(DescriberChoice("rapidocr", (), {"max_words": 4}))
    read, empty = describer.describe([image, Image.new("RGB", (64, 64), "navy")])
    assert read == "Welcome to Oslo Open"
    assert empty == ""
    assert describer.field == "ocr"
