"""A teacher's tags as a term of a student's loss, and which models can teach."""

import json
from dataclasses import replace

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from gmf.core.errors import CheckpointError, ConfigError, DataError
from gmf.core.tags import TagSet
from gmf.models.base import MnerModel
from gmf.testing import synthetic_samples, tiny_tagger
from gmf.testing.batches import labelled_batch
from gmf.testing.subject import Subject
from gmf.testing.taggers import tiny_checkpoint
from gmf.training.agreement import read_twice
from gmf.training.config import TrainingConfig
from gmf.training.teacher import Teacher
from gmf.training.teaching import Lessons


def lessons_for(batch, *, weight=0.5, unread=()):
    """Return lessons drawn at random; of the words that are not read, none."""
    torch.manual_seed(4)
    expected = {s: torch.randn(len(s.tokens), 9).softmax(1) for s in batch.samples}
    for row, word in unread:
        expected[batch.samples[row]][word] = 0
    return Lessons(expected, weight)


@pytest.mark.parametrize("labels", ["first", "x"])
def test_the_term_is_the_divergence_of_marginals_over_words_that_both_read(labels):
    model, batch = Subject("bert-crf").build(dropout=False, subword_labels=labels), labelled_batch()
    cut = batch.word_mask.clone()
    cut[3, 4] = False  # The student reads one word less than the sample has.
    batch = replace(batch, word_mask=cut)
    lessons = lessons_for(batch, unread=[(0, 3), (6, 5)])
    plain = model(batch)
    own = model.head.log_marginals(plain.emissions, batch)
    divergences = [
        kl_divergence(Categorical(expected[word]), Categorical(logits=own[row, word]))
        for row, (sample, expected) in enumerate(lessons.expected.items())
        for word in range(len(sample.tokens))
        if (row, word) not in {(3, 4), (0, 3), (6, 5)}
    ]
    term = torch.stack(divergences).sum() / len(batch)
    output = lessons.read(model, batch)
    torch.testing.assert_close(output.losses["teaching"], term)
    torch.testing.assert_close(output.losses["ner"], plain.losses["ner"])
    torch.testing.assert_close(output.loss, plain.loss + 0.5 * term)
    assert output.weights == {**plain.weights, "teaching": 0.5}


def test_each_of_two_readings_is_drawn_to_the_teacher():
    model, batch = Subject("bert-crf").build(), labelled_batch()
    lessons = lessons_for(batch)
    torch.manual_seed(3)
    terms = [lessons.read(model, batch).losses["teaching"] for _ in range(2)]
    assert terms[0] != terms[1]
    torch.manual_seed(3)
    output = read_twice(model, batch, second="dropout", weight=2.0, lessons=lessons)
    torch.testing.assert_close(output.losses["teaching"], sum(terms) / 2)
    parts = [output.weights[name] * output.losses[name] for name in ("ner", "teaching")]
    torch.testing.assert_close(output.loss, sum(parts) + 2 * output.losses["agreement"])


def teacher_of(tagger, student):
    order = [tagger.model.tags.index[name] for name in student.model.tags.names]
    return Teacher("big", "0" * 64, 1.0, tagger, order)


@pytest.mark.parametrize("labels", ["first", "x"])
def test_lessons_are_the_teachers_marginals_of_each_sample_in_the_students_order(tmp_path, labels):
    samples = synthetic_samples(tmp_path, count=5)
    long = replace(samples[0], id="long", tokens=("snow",) * 60, tags=("O",) * 60)
    samples.append(long)
    tagger, student = tiny_tagger("gmf", subword_labels=labels), tiny_tagger("bert-crf")
    turned = TagSet(tuple(reversed(TagSet().types)))
    student.model.tags = turned
    lessons = teacher_of(tagger, student).lessons(samples)
    for sample in samples:
        batch = tagger.collator()([sample]).to("cpu")
        with torch.no_grad():
            own = tagger.model.head.log_marginals(tagger.model(batch).emissions, batch).exp()[0]
        found = lessons.expected[sample]
        read = int(batch.word_mask.sum())
        assert found.shape == (len(sample.tokens), 9)
        assert found[read:].count_nonzero() == 0
        for tag, index in turned.index.items():
            torch.testing.assert_close(
                found[:read, index], own[:read, tagger.model.tags.index[tag]]
            )
    assert read < 60


def test_only_the_student_learns(tmp_path):
    samples = synthetic_samples(tmp_path, count=3)
    tagger, student = tiny_tagger("bert-crf"), tiny_tagger("bert")
    lessons = teacher_of(tagger, student).lessons(samples)
    student.model.train()
    batch = student.collator()(samples).to("cpu")
    lessons.read(student.model, batch).losses["teaching"].backward()
    assert student.model.head.emission.weight.grad.count_nonzero()
    assert all(parameter.grad is None for parameter in tagger.model.parameters())
    assert not any(expected.requires_grad for expected in lessons.expected.values())


def loaded(folder, samples=()):
    student = tiny_tagger("bert-crf")
    return Teacher.of(TrainingConfig(teacher=str(folder)), student=student, samples=samples)


def test_no_teacher_is_named():
    student = tiny_tagger("bert-crf")
    assert Teacher.of(TrainingConfig(), student=student, samples=()) is None


def test_what_is_no_checkpoint_cannot_teach(tmp_path):
    with pytest.raises(CheckpointError, match=r"^training\.teacher=.*none: no such folder"):
        loaded(tmp_path / "none")
    (tmp_path / "export.json").touch()
    with pytest.raises(ConfigError, match=r"is an exported model; name the run"):
        loaded(tmp_path)


def test_a_model_of_other_types_cannot_teach(tmp_path, monkeypatch):
    folder = tiny_checkpoint(tmp_path, "bert-crf")
    assert loaded(folder).order == list(range(9))
    text = (folder / "gmf.json").read_text(encoding="utf-8")
    (folder / "gmf.json").write_text(text.replace('"MISC"', '"DRUG"'), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"types PER, LOC, ORG, DRUG; expected .* ORG, MISC$"):
        loaded(folder)


def test_a_model_that_reads_images_teaches_where_there_are_some(tmp_path):
    folder, samples = tiny_checkpoint(tmp_path / "gmf"), synthetic_samples(tmp_path, count=2)
    assert loaded(folder, samples).tagger.model.uses_images
    with pytest.raises(ConfigError, match="reads images, and no training sample names one"):
        loaded(folder, [replace(sample, images=()) for sample in samples])
    for sample in samples:
        sample.images[0].source.unlink()
    with pytest.raises(ConfigError, match="reads images, and only 0 of 2 images are there"):
        loaded(folder, samples)


def test_a_model_that_reads_a_context_teaches_where_there_is_one(tmp_path):
    folder = tiny_checkpoint(tmp_path / "bert", "bert-crf")
    meta = json.loads((folder / "gmf.json").read_text(encoding="utf-8"))
    meta["data"]["context"] = ["caption"]
    (folder / "gmf.json").write_text(json.dumps(meta), encoding="utf-8")
    samples = synthetic_samples(tmp_path, count=2)
    with pytest.raises(DataError, match=r"teacher=.*: no sample has the context field 'caption'"):
        loaded(folder, samples)
    told = replace(samples[0], context=(("caption", "the sea"),))
    assert loaded(folder, [told]).tagger.data.context == ("caption",)


def test_a_model_that_decodes_in_its_own_way_cannot_teach(tmp_path, monkeypatch):
    folder = tiny_checkpoint(tmp_path, "bert-crf")

    def decode(self, output, batch):
        return MnerModel.decode(self, output, batch)

    monkeypatch.setattr("gmf.models.baselines.bert.BertTagger.decode", decode, raising=False)
    with pytest.raises(ConfigError, match="decodes in its own way"):
        loaded(folder)
