"""The CRF in NumPy finds what the CRF in torch finds."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gmf.core.tags import TagSet
from gmf.inference.decoding import TagStates
from gmf.models.modules.crf import LinearChainCrf
from gmf.prediction.onnx.crf import ArrayCrf


def pair(states, temperature=1.0):
    torch.manual_seed(2)
    crf = LinearChainCrf(
        len(states.names),
        legal_moves=torch.tensor(states.legal_moves),
        legal_starts=torch.tensor(states.legal_starts),
    )
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    own = ArrayCrf(
        crf.transitions.detach().numpy(),
        start=crf.start.detach().numpy(),
        end=crf.end.detach().numpy(),
        legal_moves=np.array(states.legal_moves),
        legal_starts=np.array(states.legal_starts),
        temperature=temperature,
    )
    crf.temperature = temperature
    return crf, own


def scores(lengths, num_states, seed):
    generator = torch.Generator().manual_seed(seed)
    emissions = 3 * torch.randn(len(lengths), max(lengths), num_states, generator=generator)
    return emissions, torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


@pytest.mark.parametrize("labels", ["first", "x"])
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5), seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_best_paths_are_the_same(labels, lengths, seed):
    states = TagStates(TagSet(("PER", "LOC")), labels)
    crf, own = pair(states)
    emissions, mask = scores(lengths, len(states.names), seed)
    expected = crf.best_path(emissions, mask)
    assert np.array_equal(own.best_path(emissions.numpy(), mask.numpy()), expected)


def test_best_paths_are_legal_where_the_scores_are_not():
    states = TagStates(TagSet(("PER",)))
    _, own = pair(states)
    emissions = np.zeros((1, 4, 3), np.float32)
    emissions[:, :, 2] = 50
    path = own.best_path(emissions, np.ones((1, 4), bool))
    assert [states.names[tag] for tag in path[0]] == ["B-PER", "I-PER", "I-PER", "I-PER"]


@given(
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=4),
    seed=st.integers(0, 10**6),
    temperature=st.sampled_from([1.0, 0.5, 3.0]),
)
@settings(max_examples=40, deadline=None)
def test_probabilities_of_runs_are_the_same(lengths, seed, temperature):
    states = TagStates(TagSet(("PER", "LOC")))
    crf, own = pair(states, temperature)
    emissions, mask = scores(lengths, len(states.names), seed)
    rng = np.random.default_rng(seed)
    segments = []
    for row, length in enumerate(lengths):
        first = int(rng.integers(length))
        size = int(rng.integers(1, length - first + 1))
        kind = int(rng.integers(2))
        run = [1 + 2 * kind] + [2 + 2 * kind] * (size - 1)
        segments.append((row, first, run, 2 + 2 * kind))
    expected = crf.segment_log_probabilities(emissions, mask, segments)
    found = own.segment_log_probabilities(emissions.numpy(), mask.numpy(), segments)
    assert found == pytest.approx(expected.tolist(), abs=1e-9)


@pytest.mark.parametrize(("words", "deviation"), [(40, 5), (510, 25)])
def test_probabilities_of_long_posts_are_exact(words, deviation):
    states = TagStates(TagSet(("PER", "LOC")))
    crf, own = pair(states, 2.0)
    emissions, mask = scores([words], len(states.names), 1)
    emissions *= deviation / 3
    path = crf.best_path(emissions, mask)[0].tolist()
    segments = [(0, word, [path[word]], 2) for word in range(words) if path[word] != 2]
    exact = crf.double().segment_log_probabilities(emissions.double(), mask, segments)
    found = crf.float().segment_log_probabilities(emissions, mask, segments)
    assert torch.equal(found, exact)
    arrays = own.segment_log_probabilities(emissions.numpy(), mask.numpy(), segments)
    assert arrays == pytest.approx(exact.tolist(), abs=1e-9)
    assert exact.max() <= 1e-9


def test_no_run_gives_no_probability():
    states = TagStates(TagSet(("PER",)))
    _, own = pair(states)
    emissions, mask = scores([3], 3, 1)
    assert own.segment_log_probabilities(emissions.numpy(), mask.numpy(), []) == []
