"""Checks of what a model predicts."""

import math
from dataclasses import replace

import torch

from gmf.core.tags import is_legal_move
from gmf.core.types import Sample
from gmf.testing.batches import take_rows
from gmf.testing.subject import Subject


def padding_and_batch_composition_change_nothing(subject: Subject) -> None:
    """A sample gets the same tags and confidences alone, among others, and with more padding."""
    model, batch = subject.model, subject.batch
    whole = model.decode(model(batch), batch)
    for rows in ([3], [6, 0], [5, 4, 2, 1]):
        part = take_rows(batch, rows, padding=3)
        for decoded, row in zip(model.decode(model(part), part), rows, strict=True):
            same = decoded.tags == whole[row].tags and all(
                math.isclose(one.confidence, other.confidence, rel_tol=0, abs_tol=1e-4)
                for one, other in zip(decoded.entities, whole[row].entities, strict=True)
            )
            subject.require(
                same,
                f"tags a sample {decoded.tags} in a batch of {len(rows)} and {whole[row].tags} in "
                "one of 8, or is less sure of them; padding or other samples enter",
            )


@torch.no_grad()
def neither_gold_nor_names_are_read(subject: Subject) -> None:
    """The emissions of a sample are the same without its labels and under another identifier."""
    model, batch = subject.model, subject.batch
    samples = tuple(
        replace(sample, id=f"other-{row}", tags=None, origin="")
        for row, sample in enumerate(batch.samples)
    )
    unlabelled = replace(batch, samples=samples, labels=None, possible=None)
    subject.require(
        torch.allclose(model(unlabelled).emissions, model(batch).emissions, atol=1e-5),
        "reads gold labels, or names of samples, which nobody has at prediction",
    )


def tags_are_legal_and_confidences_are_probabilities(subject: Subject) -> None:
    """Each word has one tag, no tag follows one that it cannot, entities have probabilities."""
    model, batch = subject.model, subject.batch
    for decoded, sample in zip(model.decode(model(batch), batch), batch.samples, strict=True):
        tags = decoded.tags
        subject.require(
            len(tags) == len(sample.tokens), f"{len(tags)} tags for {len(sample.tokens)} words"
        )
        moves = zip((None, *tags), tags, strict=False)
        subject.require(
            all(is_legal_move(before, after) for before, after in moves),
            f"tags that are no BIO2: {' '.join(tags)}",
        )
        confidences = [entity.confidence for entity in decoded.entities]
        subject.require(
            all(0 < confidence <= 1 for confidence in confidences),
            f"confidences that are no probabilities: {confidences}",
        )


@torch.no_grad()
def context_is_read_and_a_hidden_one_is_not(subject: Subject) -> None:
    """A context changes what the model says, none that it is tagged; hidden, it is as if absent."""
    tagger = subject.tagger()
    tagger = replace(tagger, data=tagger.data.model_copy(update={"context": ("caption", "text")}))
    words = [("Rocky", "in", "Oslo"), ("snow", "!"), ("the", "new", "season", "is", "in")]
    bare = [Sample(str(row), tokens, ("O",) * len(tokens)) for row, tokens in enumerate(words)]
    context = (("text", "Oslo 2024"), ("caption", "a dog in the snow"))
    told = [replace(sample, context=context[: row + 1]) for row, sample in enumerate(bare)]
    collator = tagger.collator()
    with_context, without = collator(told).to("cpu"), collator(bare).to("cpu")
    output, hidden = subject.model(with_context), subject.model(with_context.without_context())
    expected = subject.model(without)
    tagged = [subject.model.decode(*pair) for pair in ((output, with_context), (expected, without))]
    subject.require(
        all(
            len(row.tags) == len(sample.tokens)
            for rows in tagged
            for row, sample in zip(rows, bare, strict=True)
        ),
        "tags the context",
    )
    mask = subject.model.head.mask(without)
    width = min(output.emissions.shape[1], mask.shape[1])

    def of_words(emissions: torch.Tensor) -> torch.Tensor:
        return emissions[:, :width][mask[:, :width]]

    subject.require(
        torch.allclose(of_words(hidden.emissions), of_words(expected.emissions), atol=1e-4),
        "reads a context that is hidden",
    )
    subject.require(
        not torch.allclose(of_words(output.emissions), of_words(expected.emissions), atol=1e-4),
        "does not read the context",
    )
