"""Posts longer than a model reads: every word tagged once, offsets exact, entities whole."""

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gmf.core.errors import DataError
from gmf.core.tags import entities_of
from gmf.core.types import (
    Explanation,
    ImageInput,
    Prediction,
    Sample,
    ScoredEntity,
    SlotOrigin,
)
from gmf.data.collate import EncodedSample
from gmf.inference.long_posts import Window, join
from gmf.prediction.pipeline import Pipeline
from gmf.prediction.torch_engine import TorchEngine
from gmf.testing import tiny_tagger

WORDS = ["Rocky", "New", "York", "snow", "season", "!", "Ann", "supercalifragilistic", "\u00a0x"]


@pytest.fixture(scope="module", params=["bert-crf", "gmf"])
def pipeline(request):
    return Pipeline(TorchEngine(tiny_tagger(request.param)))


def long_text(count, seed=0):
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def encoder_of(pipeline):
    return pipeline.engine._collator.encoder


@pytest.mark.parametrize("count", [1, 30, 60, 61, 200, 700])
def test_windows_hold_every_word_fit_and_overlap(pipeline, count):
    encoder, words = encoder_of(pipeline), long_text(count).split()
    spans = encoder.windows(words)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(words)
    for (start, end), (following, last) in pairwise(spans):
        assert start < following <= end < last
    shared = [end - start for (_, end), (start, _) in pairwise(spans)]
    assert all(number >= 1 for number in shared)
    for start, end in spans:
        (encoded,) = encoder.encode([words[start:end]])
        assert len(encoded) <= encoder.max_subwords
        assert encoder.windows(words[start:end]) == [(0, end - start)]
        assert sorted(set(encoded.words.tolist()) - {-1}) == list(range(end - start))


def test_a_word_longer_than_the_limit_stands_alone(pipeline):
    giant = "a" * 60
    assert encoder_of(pipeline).windows(["Ann", giant, "Lee"]) == [(0, 1), (1, 2), (2, 3)]
    document = pipeline(f"Ann {giant} Lee")
    assert len(document.tags) == 3
    assert "read in 3 overlapping windows: 3 words" in document.notes[0]


def test_every_word_is_tagged_once_with_exact_offsets(pipeline):
    text = "  " + long_text(500) + "\nin  Oslo"
    document = pipeline(text)
    assert len(document.tags) == len(document.words) == len(pipeline(text, long="cut").words)
    assert document.text == text
    found = entities_of(list(document.tags))
    assert len(found) == len(document.entities) > 20
    for span, entity in zip(found, document.entities, strict=True):
        assert entity.text == text[entity.char_start : entity.char_end]
        assert document.words[span.start][0] == entity.char_start
        assert document.words[span.end - 1][1] == entity.char_end
        assert span.type == entity.type
    assert max(e.char_start for e in document.entities) > len(text) * 0.9


def test_a_post_that_fits_is_read_as_ever_and_cut_reads_what_fits(pipeline):
    text = long_text(500)
    cut, split = pipeline(text, long="cut"), pipeline(text)
    assert any("words beyond the length limit are tagged O" in note for note in cut.notes)
    assert not any("beyond" in note for note in split.notes)
    assert any("overlapping windows: 500 words" in n for n in split.notes)
    sure = encoder_of(pipeline).windows(text.split())[1][0] // 2
    assert split.tags[:sure] == cut.tags[:sure]
    assert pipeline("Ann in Oslo", long="split") == pipeline("Ann in Oslo", long="cut")
    with pytest.raises(DataError, match="500 words are more than the model reads at once"):
        pipeline(text, long="fail")
    assert pipeline("Ann in Oslo", long="fail").notes == ()


def test_long_and_short_posts_keep_their_order_and_images(pipeline, tmp_path):
    png = tmp_path / "a.png"
    Image.effect_noise((40, 40), 90).convert("RGB").save(png)
    texts = [long_text(n, seed=n) for n in (3, 300, 1, 90, 0, 150)]
    images = [png, png, None, [png, png], None, None]
    for batch_size in (1, 4, 32):
        found = pipeline(texts, image=images, batch_size=batch_size)
        assert [d.text for d in found] == texts
        assert [len(d.tags) for d in found] == [len(t.split()) for t in texts]


def test_an_explanation_of_a_long_post_has_a_row_for_each_word(tmp_path):
    pipeline = Pipeline(TorchEngine(tiny_tagger()))
    png = tmp_path / "a.png"
    Image.effect_noise((40, 40), 90).convert("RGB").save(png)
    document = pipeline(long_text(200), image=png, explain=True)
    shown = document.explanation
    assert shown.attention.shape[1] == len(document.words) == 200
    assert len(shown.entities) == len(document.entities)
    np.testing.assert_allclose(shown.gates.sum(axis=-1), 1, rtol=1e-5)


def test_blank_stand_ins_of_a_long_post_count_once():
    pipeline = Pipeline(TorchEngine(tiny_tagger(missing_image="blank")))
    pipeline(long_text(300))
    assert pipeline.report.blanks == 1


def prediction_of(sample, tags):
    spans = entities_of(tags)
    entities = tuple(ScoredEntity(e.start, e.end, e.type, 0.5) for e in spans)
    return Prediction(sample, tuple(tags), entities)


def joined(*explanations):
    """Join two windows of three words that share one, each with an explanation."""
    sample, windows, predictions = Sample("1", ("w",) * 5), [], []
    for start, explanation in zip((0, 2), explanations, strict=True):
        piece = Sample("1", sample.tokens[start : start + 3])
        windows.append(Window(0, start, EncodedSample(piece, None)))
        found = prediction_of(piece, ["O"] * 3)
        predictions.append(replace(found, explanation=explanation))
    return join(sample, windows, predictions).explanation


def test_explanations_are_joined_word_by_word_and_gates_are_averaged():
    origins = (SlotOrigin(0),)
    parts = [
        Explanation(
            gates=np.full((2, 1, 4), value),
            slot_attention=np.arange(6.0).reshape(2, 3, 1) + 10 * value,
            slots=origins,
            without_images=(ScoredEntity(0, 1, "PER", 0.5),),
            same_entities=(ScoredEntity(2, 3, "LOC", 0.25),),
            without_context=(ScoredEntity(1, 2, "ORG", 0.5),),
            same_without_context=(("a", (ScoredEntity(2, 3, "LOC", value / 8),)), ("b", ())),
        )
        for value in (1, 3)
    ]
    found = joined(*parts)
    assert np.array_equal(found.gates, np.full((2, 1, 4), 2.0))
    # Of the word that both have read, the third, the second window speaks.
    assert found.slot_attention[0, :, 0].tolist() == [10, 11, 30, 31, 32]
    assert found.slot_attention[1, :, 0].tolist() == [13, 14, 33, 34, 35]
    assert found.slots == origins
    assert found.without_images == tuple(ScoredEntity(n, n + 1, "PER", 0.5) for n in (0, 2))
    assert found.same_entities == (ScoredEntity(4, 5, "LOC", 0.25),)
    assert found.without_context == tuple(ScoredEntity(n, n + 1, "ORG", 0.5) for n in (1, 3))
    assert found.same_without_context == (("a", (ScoredEntity(4, 5, "LOC", 0.375),)), ("b", ()))
    assert joined(parts[0], None) is None


def test_what_other_readings_found_is_cut_nowhere_either():
    """Both windows of ten words know an entity that lies across the seam of the tags."""
    sample, windows, predictions = Sample("1", ("w",) * 16), [], []
    for start in (0, 6):
        piece = Sample("1", sample.tokens[start : start + 10])
        other = (ScoredEntity(7 - start, 10 - start, "LOC", 0.5),)
        shown = Explanation(without_images=other, without_context=other)
        windows.append(Window(0, start, EncodedSample(piece, None)))
        predictions.append(replace(prediction_of(piece, ["O"] * 10), explanation=shown))
    found = join(sample, windows, predictions).explanation
    expected = (ScoredEntity(7, 10, "LOC", 0.5),)
    assert found.without_images == found.without_context == expected


def test_explanations_without_gates_or_attention_stay_without():
    found = joined(Explanation(), Explanation())
    assert (found.gates, found.slot_attention) == (None, None)


def legal(tags):
    return all(
        not tag.startswith("I-") or before[1:] == tag[1:] != ""
        for before, tag in zip(["O", *tags], tags, strict=False)
    )


TAGS = st.lists(
    st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=40, max_size=40
)


def mended(tags):
    out = []
    for tag in tags:
        is_torn = tag.startswith("I-") and (not out or out[-1][1:] != tag[1:])
        out.append("B" + tag[1:] if is_torn else tag)
    return out


@settings(max_examples=300, deadline=None)
@given(left=TAGS, right=TAGS, third=TAGS, overlap=st.integers(0, 39))
def test_any_tags_of_neighbours_join_to_legal_tags_and_their_own_entities(
    left, right, third, overlap
):
    step = 40 - overlap
    total = 40 + 2 * step
    sample = Sample("1", tuple(f"w{n}" for n in range(total)), images=(ImageInput(b""),))
    windows, predictions = [], []
    for number, tags in enumerate((left, right, third)):
        start = number * step
        piece = Sample("1", sample.tokens[start : start + 40])
        windows.append(Window(0, start, EncodedSample(piece, None)))
        predictions.append(prediction_of(piece, mended(tags)))
    whole = join(sample, windows, predictions)
    assert len(whole.tags) == total
    assert legal(whole.tags)
    assert [(e.start, e.end, e.type) for e in whole.entities] == [
        (e.start, e.end, e.type) for e in entities_of(list(whole.tags))
    ]
    theirs = {
        (e.start + w.start, e.end + w.start, e.type)
        for w, p in zip(windows, predictions, strict=True)
        for e in p.entities
    }
    assert {(e.start, e.end, e.type) for e in whole.entities} <= theirs
