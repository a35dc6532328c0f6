import json
from dataclasses import replace

import numpy as np
import pytest

from gmf.core.errors import CheckpointError
from gmf.core.tags import entities_of, tags_of
from gmf.core.types import Entity, Sample
from gmf.models.checkpoint import CALIBRATION, load_tagger, save_tagger
from gmf.testing.batches import tiny_words
from gmf.testing.taggers import tiny_checkpoint, tiny_tagger
from gmf.training import calibration
from gmf.training.calibration import expected_error, fit_temperature


def labelled_by(tagger, share):
    """Return samples whose gold is what the tagger finds, but for every so-manieth entity."""
    bare = [Sample(str(row), tiny_words(6, row=row)) for row in range(60)]
    number = 0
    samples = []
    for prediction in tagger.predict(bare):
        kept = []
        for entity in prediction.entities:
            number += 1
            if number % 10 < 10 * share:
                kept.append(Entity(entity.start, entity.end, entity.type))
        samples.append(replace(prediction.sample, tags=tuple(tags_of(kept, 6))))
    return samples


def log_loss(tagger, samples, temperature):
    tagger.model.head.crf.temperature = temperature
    losses = []
    for prediction in tagger.predict(samples):
        gold = entities_of(prediction.sample.tags)
        for entity in prediction.entities:
            right = Entity(entity.start, entity.end, entity.type) in gold
            losses.append(-np.log(entity.confidence if right else 1 - entity.confidence))
    tagger.model.head.crf.temperature = 1.0
    return np.mean(losses)


def test_the_fitted_temperature_makes_confidences_likely_and_lessens_their_error():
    tagger = tiny_tagger("bert-crf")
    samples = labelled_by(tagger, 0.3)
    fitted = fit_temperature(tagger, samples, collator=tagger.collator())
    assert tagger.model.head.crf.temperature == 1
    assert fitted.temperature > 1
    assert fitted.expected_error_after < fitted.expected_error_before
    best = log_loss(tagger, samples, fitted.temperature)
    for other in (1.0, 0.8 * fitted.temperature, 1.25 * fitted.temperature):
        assert best < log_loss(tagger, samples, other)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_only_right_or_only_wrong_entities_say_too_little(share):
    tagger = tiny_tagger("bert-crf")
    samples = labelled_by(tagger, share)
    assert fit_temperature(tagger, samples, collator=tagger.collator()) is None


def test_few_entities_say_too_little(monkeypatch):
    tagger = tiny_tagger("bert-crf")
    samples = labelled_by(tagger, 0.5)
    monkeypatch.setattr(calibration, "MIN_ENTITIES", 10_000)
    assert fit_temperature(tagger, samples, collator=tagger.collator()) is None


def test_the_expected_error_is_that_of_the_report():
    confidence, right = np.array([0.05, 0.95, 0.92, 1.0]), np.array([False, True, False, True])
    # One bin of 0.05 against 0, one of (0.95 + 0.92 + 1) / 3 against 2 / 3.
    assert expected_error(confidence, right) == pytest.approx((0.05 + 0.87) / 4)


def test_a_checkpoint_keeps_its_temperature_and_older_ones_have_none(tmp_path):
    folder = tiny_checkpoint(tmp_path / "model", "bert-crf")
    assert load_tagger(folder).model.head.crf.temperature == 1
    (folder / CALIBRATION).write_text(json.dumps({"temperature": 2.0}))
    plain = tiny_tagger("bert-crf")
    tagger = load_tagger(folder)
    save_tagger(tagger, tmp_path / "again")
    for kept in (tagger, load_tagger(tmp_path / "again")):
        assert kept.model.head.crf.temperature == 2
        assert kept.provenance["calibration"] == {"temperature": 2.0}
        sample = Sample("1", tiny_words(6, row=1))
        (one,), (other,) = plain.predict([sample]), kept.predict([sample])
        assert one.tags == other.tags
        assert one.entities != other.entities


@pytest.mark.parametrize("content", ["{", "{}", '{"temperature": 0}', '{"temperature": "warm"}'])
def test_a_damaged_temperature_is_named(tmp_path, content):
    folder = tiny_checkpoint(tmp_path / "model", "bert-crf")
    (folder / CALIBRATION).write_text(content)
    with pytest.raises(CheckpointError, match=r"calibration\.json: expected a temperature above 0"):
        load_tagger(folder)
