"""Tags and confidences of a head against the enumeration of every path of states."""

import math

import pytest
import torch
from torchcrf import CRF

from gmf.core.tags import TagSet, entities_of
from gmf.core.types import Entity
from gmf.models.modules.tagging_head import ModelOptions, TaggingHead
from gmf.testing.batches import tiny_batch

TAGS = TagSet(("PER",))


def made(seed=0, **options):
    torch.manual_seed(seed)
    head = TaggingHead(None, tags=TAGS, config=ModelOptions(**options))
    torch.nn.init.normal_(head.crf.transitions)
    batch = tiny_batch((3,), slots=((),), num_views=0, tags=len(TAGS))
    positions = head.mask(batch).shape[1]
    return head, batch, torch.randn(1, positions, len(head.states))


def enumerated(head, batch, emissions):
    """Return the words' tags and the probability of every path that decoding chooses among."""
    [positions] = head.decoder._word_positions(batch)
    moves, start = head.crf._moves(True)
    [scores] = head.decoder._allowed(emissions, batch)
    paths = torch.cartesian_prod(*[torch.arange(len(head.states))] * len(scores))
    total = start[paths[:, 0]] + head.crf.end[paths[:, -1]]
    total = total + scores[torch.arange(len(scores)), paths].sum(dim=1)
    total = total + moves[paths[:, :-1], paths[:, 1:]].sum(dim=1)
    weights = total.softmax(dim=0)
    kept = weights > 1e-12
    tags = [
        head.tag_states.word_tags(path, positions, num_words=3) for path in paths[kept].tolist()
    ]
    return tags, weights[kept].tolist()


@pytest.mark.parametrize("labels", ["first", "x"])
@pytest.mark.parametrize("legal", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_a_confidence_is_the_share_of_all_paths_that_are_read_as_the_entity(labels, legal, seed):
    head, batch, emissions = made(seed, subword_labels=labels, legal_moves=legal)
    tags, weights = enumerated(head, batch, emissions)
    wanted = [Entity(a, b, "PER") for a in range(3) for b in range(a + 1, 4)]
    [scored] = head.confidences(emissions, batch, [wanted])
    for entity, found in zip(wanted, scored, strict=True):
        share = sum(w for t, w in zip(tags, weights, strict=True) if entity in entities_of(t))
        assert found.confidence == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("labels", ["first", "x"])
@pytest.mark.parametrize("legal", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_tags_are_those_of_the_best_path(labels, legal, seed):
    head, batch, emissions = made(seed, subword_labels=labels, legal_moves=legal)
    tags, weights = enumerated(head, batch, emissions)
    assert head.decode(emissions, batch)[0].tags == tags[weights.index(max(weights))]


def test_subword_labels_and_loss_are_those_of_the_public_code_of_umt():
    """The first piece has the tag, later ones X, between [CLS] and [SEP]; a mean over samples."""
    torch.manual_seed(1)
    head = TaggingHead(None, tags=TAGS, config=ModelOptions(subword_labels="x"))
    batch = tiny_batch((3, 2), slots=((), ()), num_views=0, tags=len(TAGS))
    rows = []
    for words, labels in zip(batch.subword_words.tolist(), batch.labels.tolist(), strict=True):
        row, pieces = ["[CLS]"], [word for word in words if word >= 0]
        for before, word in zip([-1, *pieces], pieces, strict=False):
            row.append("X" if word == before else TAGS.names[labels[word]])
        rows.append([*row, "[SEP]"])
    targets, mask = head._targets(batch, batch.labels), head.mask(batch)
    found = [[head.states[i] for i in row[on]] for row, on in zip(targets, mask, strict=True)]
    assert found == rows
    assert "X" in rows[0]
    other = CRF(len(head.states), batch_first=True)
    other.transitions.data = head.crf.transitions.data
    other.start_transitions.data = head.crf.start.data
    other.end_transitions.data = head.crf.end.data
    emissions = torch.randn(*mask.shape, len(head.states))
    expected = -other(emissions, targets, mask=mask, reduction="mean")
    torch.testing.assert_close(head.loss(emissions, batch), expected)


def test_free_moves_find_a_stray_tag_and_it_opens_an_entity():
    found = {}
    for legal in (True, False):
        head, batch, _ = made(legal_moves=legal)
        for parameter in (head.crf.transitions, head.crf.start, head.crf.end):
            torch.nn.init.zeros_(parameter)
        emissions = torch.tensor([[[5.0, 0, 0], [4, 0, 5], [5, 0, 0]]])
        found[legal] = head.decode(emissions, batch)[0].tags
    assert found == {True: ("O", "O", "O"), False: ("O", "B-PER", "O")}


def test_states_are_dropped_before_the_emissions_in_training_only():
    head = TaggingHead(8, tags=TAGS, config=ModelOptions(dropout=0.5)).train()
    batch = tiny_batch((3, 2), slots=((), ()), num_views=0, tags=len(TAGS))
    hidden = torch.ones(2, batch.subword_words.shape[1], 8)
    torch.nn.init.ones_(head.emission.weight)
    torch.nn.init.zeros_(head.emission.bias)
    # Half of eight ones are left on average, each twice as large.
    found = {value for row in head(hidden, batch).tolist() for tags in row for value in tags}
    assert len(found) > 1
    assert found <= {2.0 * count for count in range(9)}
    assert set(head.eval()(hidden, batch).flatten().tolist()) == {8.0}


def test_the_loss_is_a_mean_over_samples_with_a_crf_and_over_words_with_a_softmax():
    batch = tiny_batch((3, 1), slots=((), ()), num_views=0, tags=len(TAGS))
    for decoder, count in (("crf", 2), ("softmax", 4)):
        head = TaggingHead(None, tags=TAGS, config=ModelOptions(decoder=decoder))
        for parameter in (head.crf.transitions, head.crf.start, head.crf.end):
            torch.nn.init.zeros_(parameter)
        # Without a preference each of four words costs the logarithm of the number of tags.
        loss = head.loss(torch.zeros(2, 3, len(TAGS)), batch)
        assert loss.item() == pytest.approx(4 * math.log(len(TAGS)) / count)


def test_dropout_before_the_emissions_may_be_another():
    own = TaggingHead(8, tags=TAGS, config=ModelOptions(dropout=0.4, head_dropout=0.0))
    assert own.dropout.p == 0.0
    assert TaggingHead(8, tags=TAGS, config=ModelOptions(dropout=0.4)).dropout.p == 0.4
