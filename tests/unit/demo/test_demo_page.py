from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from gmf_demo.page import PostGroup, ScoredRow, ShownPost, page, write_page
from PIL import Image

from gmf.core.types import (
    Explanation,
    ImageInput,
    Prediction,
    Region,
    Sample,
    ScoredEntity,
    SlotOrigin,
)
from gmf.data.images import UnusableImageError

KINDS = ("related", "all")
SCORES = [ScoredRow("GMF", (0.9123, 0.8)), ScoredRow("limit", (1.0, 0.9), is_limit=True)]


def png(size=(60, 40)):
    buffer = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(buffer, "PNG")
    return buffer.getvalue()


def prediction(*, tags=("O", "B-LOC"), source=None, explanation=None, entity_type="PER"):
    image = ImageInput(source or png(), (Region(box=(5, 6, 25, 36)),))
    sample = Sample("1", ("see", "<Rocky>"), tags, (image,))
    entities = (ScoredEntity(1, 2, entity_type, 0.87),)
    return Prediction(sample, ("O", f"B-{entity_type}"), entities, (), explanation)


def shown(predicted, **others):
    posts = (ShownPost("a & b", predicted, tuple(others.items())),)
    return page(title="T", kinds=KINDS, scores=SCORES, groups=[PostGroup("G", "N", posts)])


class Balance(HTMLParser):
    VOID = ("meta", "img", "rect")

    def __init__(self):
        super().__init__()
        self.open, self.links = [], []

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_needs_no_other_file():
    parser = Balance()
    parser.feed(shown(prediction()))
    assert parser.open == []
    assert parser.links
    assert all(link.startswith("data:image/jpeg;base64,") for link in parser.links)


def test_scores_stand_in_the_table_and_the_charts():
    made = shown(prediction())
    assert "91.23" in made
    assert "91.2" in made
    assert made.count("<figure>") == len(KINDS)


def test_text_is_escaped():
    made = shown(prediction())
    assert "&lt;Rocky&gt;&nbsp;<b>PER</b>" in made
    assert "<Rocky>" not in made
    assert "a &amp; b" in made


def test_wrong_and_missed_entities_are_marked_against_gold():
    wrong = shown(prediction(entity_type="PER"))
    assert ">✗<" in wrong
    assert "gold: &lt;Rocky&gt; is LOC" in wrong
    right = shown(prediction(entity_type="LOC"))
    assert ">✓<" in right
    assert "gold:" not in right


def test_without_gold_nothing_is_judged():
    made = shown(prediction(tags=None))
    assert "✓" not in made
    assert "✗" not in made


def test_other_taggers_and_the_result_without_picture_are_shown():
    bare = Explanation(without_images=(ScoredEntity(1, 2, "ORG", 0.41),))
    made = shown(prediction(explanation=bare), **{"text only": prediction(entity_type="MISC")})
    assert "<dt>GMF without image</dt>" in made
    assert "<b>ORG</b>" in made
    assert "<dt>text only</dt>" in made
    assert "<b>MISC</b>" in made


def test_gates_become_one_map_a_picture_with_every_value():
    gates = np.array([[[0.25, 0.75], [0.4, 0.6]], [[0.5, 0.5], [0.9, 0.1]]])
    slots = (SlotOrigin(0), SlotOrigin(0, 0))
    made = shown(prediction(explanation=Explanation(gates=gates, slots=slots)))
    assert made.count('<table class="heat">') == 2
    assert "<caption>whole</caption>" in made
    assert "<caption>box 1</caption>" in made
    assert '<td style="--gate:75%">0.75</td>' in made
    assert '<td style="--gate:90%">0.90</td>' in made


def test_no_gates_no_map():
    assert '<table class="heat">' not in shown(prediction())


def test_boxes_are_drawn_in_pixels_of_the_picture():
    made = shown(prediction())
    assert '<svg viewBox="0 0 60 40"' in made
    assert '<rect x="5" y="6" width="20" height="30"/>' in made


def test_only_boxes_that_the_model_read_are_drawn():
    image = ImageInput(png(), (Region(box=(5, 6, 25, 36)), Region(box=(1, 1, 9, 9))))
    sample = Sample("1", ("see", "<Rocky>"), None, (image,))
    read = Explanation(slots=(SlotOrigin(0), SlotOrigin(0, 0)))
    assert shown(Prediction(sample, ("O", "O"), (), (), read)).count("<rect") == 1
    assert shown(Prediction(sample, ("O", "O"), (), (), None)).count("<rect") == 2


def test_a_broken_picture_is_an_error():
    with pytest.raises(UnusableImageError, match="not an image"):
        shown(prediction(source=b"no drawing"))


def test_a_row_of_another_length_is_an_error():
    with pytest.raises(ValueError, match="'GMF': expected 2 scores, got 1"):
        page(title="T", kinds=KINDS, scores=[ScoredRow("GMF", (0.9,))], groups=[])


def test_writing_puts_the_page_into_the_file(tmp_path):
    write_page(
        tmp_path / "demo.html", title="Ü", kinds=KINDS, scores=SCORES, groups=[], notes=["x"]
    )
    text = (tmp_path / "demo.html").read_text(encoding="utf-8")
    assert text == page(title="Ü", kinds=KINDS, scores=SCORES, groups=[], notes=["x"])
    assert text.startswith("<!doctype html>")
