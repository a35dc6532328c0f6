import itertools

import pytest
import torch
from torchcrf import CRF

from gmf.core.tags import TagSet, is_legal_move
from gmf.models.modules.crf import LinearChainCrf
from gmf.models.modules.tagging_head import ModelOptions, TaggingHead
from gmf.testing.batches import tiny_batch

TAGS = 3
LENGTHS = [4, 1, 3]


def make(num_tags=TAGS, words=4, **options):
    torch.manual_seed(5)
    crf = LinearChainCrf(num_tags, **options).double()
    emissions = torch.randn(len(LENGTHS), words, num_tags, dtype=torch.double)
    mask = torch.arange(words) < torch.tensor(LENGTHS)[:, None]
    labels = torch.randint(0, num_tags, mask.shape) * mask
    return crf, emissions, labels, mask


def path_score(crf, emissions, path):
    score = crf.start[path[0]] + crf.end[path[-1]]
    for step, tag in enumerate(path):
        score = score + emissions[step, tag]
    for before, after in itertools.pairwise(path):
        score = score + crf.transitions[before, after]
    return score


def all_paths(length, num_tags=TAGS):
    return list(itertools.product(range(num_tags), repeat=length))


def test_likelihood_equals_enumeration_of_all_paths():
    crf, emissions, labels, mask = make()
    result = crf.log_likelihood(emissions, labels, mask)
    for row, length in enumerate(LENGTHS):
        scores = torch.stack([path_score(crf, emissions[row], p) for p in all_paths(length)])
        gold = path_score(crf, emissions[row], labels[row, :length].tolist())
        torch.testing.assert_close(result[row], gold - scores.logsumexp(0))


def test_best_path_and_marginals_equal_enumeration():
    crf, emissions, labels, mask = make()
    best = crf.best_path(emissions, mask)
    # The gradient of the likelihood is the gold tag less the marginals.
    (gradient,) = torch.autograd.grad(
        crf.log_likelihood(emissions.requires_grad_(), labels, mask).sum(), emissions
    )
    marginals = torch.nn.functional.one_hot(labels, TAGS) - gradient
    for row, length in enumerate(LENGTHS):
        paths = all_paths(length)
        scores = torch.stack([path_score(crf, emissions[row], p) for p in paths])
        assert best[row, :length].tolist() == list(paths[int(scores.argmax())])
        assert best[row, length:].eq(0).all()
        weights = scores.softmax(0)
        for step, tag in itertools.product(range(length), range(TAGS)):
            expected = sum(w for w, p in zip(weights, paths, strict=True) if p[step] == tag)
            torch.testing.assert_close(marginals[row, step, tag], expected)


def test_log_marginals_equal_enumeration():
    crf, emissions, _, mask = make()
    marginals = crf.log_marginals(emissions, mask)
    for row, length in enumerate(LENGTHS):
        paths = all_paths(length)
        scores = torch.stack([path_score(crf, emissions[row], p) for p in paths])
        weights = scores.log_softmax(0)
        for step, tag in itertools.product(range(length), range(TAGS)):
            through = [w for w, p in zip(weights, paths, strict=True) if p[step] == tag]
            torch.testing.assert_close(marginals[row, step, tag], torch.stack(through).logsumexp(0))


def test_marginals_of_a_words_tags_sum_over_all_states_of_other_subwords():
    config = ModelOptions(subword_labels="x")
    head = TaggingHead(None, tags=TagSet(("PER",)), config=config).double()
    batch = tiny_batch((2,), slots=((),), num_views=0)  # [CLS], a word of one, one of two, [SEP].
    torch.manual_seed(7)
    emissions = torch.randn(1, 5, len(head.states), dtype=torch.double)
    paths = torch.cartesian_prod(*[torch.arange(len(head.states))] * 5)
    scores = head.crf.start[paths[:, 0]] + head.crf.end[paths[:, -1]]
    scores = scores + emissions[0, torch.arange(5), paths].sum(1)
    scores = scores + head.crf.transitions[paths[:, :-1], paths[:, 1:]].sum(1)
    found = head.log_marginals(emissions, batch)[0].exp()
    for word, position in enumerate((1, 2)):
        mass = torch.stack([scores[paths[:, position] == tag].exp().sum() for tag in range(3)])
        torch.testing.assert_close(found[word], mass / mass.sum())


def test_equals_pytorch_crf():
    crf, emissions, labels, mask = make()
    other = CRF(TAGS, batch_first=True).double()
    other.load_state_dict(
        {"start_transitions": crf.start, "end_transitions": crf.end, "transitions": crf.transitions}
    )
    expected = other(emissions, labels, mask=mask, reduction="none")
    torch.testing.assert_close(crf.log_likelihood(emissions, labels, mask), expected)
    best = crf.best_path(emissions, mask)
    for row, path in enumerate(other.decode(emissions, mask=mask)):
        assert best[row, : len(path)].tolist() == path


def test_gradient_equals_pytorch_crf():
    crf, emissions, labels, mask = make()
    other = CRF(TAGS, batch_first=True).double()
    other.load_state_dict(
        {"start_transitions": crf.start, "end_transitions": crf.end, "transitions": crf.transitions}
    )
    crf.log_likelihood(emissions, labels, mask).sum().backward()
    other(emissions, labels, mask=mask, reduction="sum").backward()
    torch.testing.assert_close(crf.transitions.grad, other.transitions.grad)
    torch.testing.assert_close(crf.end.grad, other.end_transitions.grad)


def legal_crf():
    names = TagSet(("PER", "LOC")).names
    moves = torch.tensor([[is_legal_move(a, b) for b in names] for a in names])
    starts = torch.tensor([is_legal_move(None, name) for name in names])
    torch.manual_seed(6)
    crf = LinearChainCrf(len(names), legal_moves=moves, legal_starts=starts).double()
    return names, crf


def is_legal(path, names):
    return all(
        is_legal_move(names[before] if before is not None else None, names[after])
        for before, after in itertools.pairwise([None, *path])
    )


def test_decoding_is_legal_and_best_among_legal_paths():
    names, crf = legal_crf()
    emissions = 3 * torch.randn(6, 4, len(names), dtype=torch.double)
    mask = torch.ones(6, 4, dtype=torch.bool)
    best = crf.best_path(emissions, mask)
    legal = [p for p in all_paths(4, len(names)) if is_legal(p, names)]
    for row in range(6):
        scores = [path_score(crf, emissions[row], p).item() for p in legal]
        assert tuple(best[row].tolist()) == legal[max(range(len(legal)), key=scores.__getitem__)]


@pytest.mark.parametrize(("start", "end"), [(0, 1), (1, 3), (2, 4), (0, 4)])
def test_entity_probability_equals_enumeration_over_legal_paths(start, end):
    names, crf = legal_crf()
    emissions = torch.randn(1, 4, len(names), dtype=torch.double)
    mask = torch.ones(1, 4, dtype=torch.bool)
    run = [names.index("B-PER")] + [names.index("I-PER")] * (end - start - 1)
    inside = names.index("I-PER")
    result = crf.segment_log_probabilities(emissions, mask, [(0, start, run, inside)]).exp()
    legal = [p for p in all_paths(4, len(names)) if is_legal(p, names)]
    weights = torch.stack([path_score(crf, emissions[0], p) for p in legal]).softmax(0)
    expected = sum(
        weight
        for weight, path in zip(weights, legal, strict=True)
        if list(path[start:end]) == run and (end == 4 or path[end] != inside)
    )
    torch.testing.assert_close(result[0], expected)


def test_a_temperature_divides_all_scores_of_probabilities_and_moves_no_best_path():
    names, crf = legal_crf()
    emissions = 3 * torch.randn(1, 4, len(names), dtype=torch.double)
    mask = torch.ones(1, 4, dtype=torch.bool)
    best = crf.best_path(emissions, mask)
    crf.temperature = 2.5
    run, inside = [names.index("B-PER"), names.index("I-PER")], names.index("I-PER")
    result = crf.segment_log_probabilities(emissions, mask, [(0, 1, run, inside)]).exp()
    legal = [p for p in all_paths(4, len(names)) if is_legal(p, names)]
    scores = torch.stack([path_score(crf, emissions[0], p) for p in legal])
    shares = (scores / 2.5).softmax(0)
    expected = sum(
        share
        for share, path in zip(shares, legal, strict=True)
        if list(path[1:3]) == run and path[3] != inside
    )
    torch.testing.assert_close(result[0], expected)
    assert crf.best_path(emissions, mask).equal(best)


def test_without_moves_it_is_a_softmax_over_each_word():
    crf, emissions, labels, mask = make(learn_moves=False)
    expected = (emissions.log_softmax(-1).gather(2, labels[:, :, None])[:, :, 0] * mask).sum(1)
    torch.testing.assert_close(crf.log_likelihood(emissions, labels, mask), expected)
    assert not any(parameter.requires_grad for parameter in crf.parameters())


def test_an_empty_sequence_has_likelihood_one():
    crf, emissions, labels, mask = make()
    result = crf.log_likelihood(emissions, labels, mask & False)
    assert result.tolist() == [0, 0, 0]


def test_bad_size():
    with pytest.raises(ValueError, match="num_tags is 0"):
        LinearChainCrf(0)


def agreeing_paths(names, possible):
    """Sequences of possible tags in which an open tag is reached by legal moves only."""
    choices = [[tag for tag, is_possible in enumerate(row) if is_possible] for row in possible]
    for path in itertools.product(*choices):
        before = [None, *(names[tag] for tag in path)]
        if all(
            len(choices[word]) == 1 or is_legal_move(before[word], names[tag])
            for word, tag in enumerate(path)
        ):
            yield path


def partly_observed():
    names, crf = legal_crf()
    emissions = 2 * torch.randn(4, 4, len(names), dtype=torch.double)
    mask = torch.arange(4) < torch.tensor([[4], [4], [3], [1]])
    open_outside = ["O", "B-LOC", "I-LOC"]
    observed = [
        [open_outside, ["B-PER"], open_outside, open_outside],
        [names, open_outside, ["I-PER"], ["O"]],  # Gold that breaks BIO2 stays possible.
        [["B-PER"], ["I-PER"], ["O"], ["O"]],
        [names, ["O"], ["O"], ["O"]],
    ]
    possible = torch.tensor([[[n in word for n in names] for word in row] for row in observed])
    return names, crf, emissions, mask, possible


def test_likelihood_of_what_is_partly_observed_equals_enumeration_of_what_agrees():
    names, crf, emissions, mask, possible = partly_observed()
    labels = possible.int().argmax(dim=2)
    emissions.requires_grad_()
    result = crf.log_likelihood(emissions, labels, mask, possible=possible)
    expected = []
    for row, length in enumerate(mask.sum(1).tolist()):
        every = [path_score(crf, emissions[row], p) for p in all_paths(length, len(names))]
        agreeing = agreeing_paths(names, possible[row, :length].tolist())
        scores = torch.stack([path_score(crf, emissions[row], p) for p in agreeing])
        expected.append(scores.logsumexp(0) - torch.stack(every).logsumexp(0))
    torch.testing.assert_close(result, torch.stack(expected))
    of = (emissions, crf.transitions, crf.start, crf.end)
    for found, wanted in zip(
        torch.autograd.grad(result.sum(), of),
        torch.autograd.grad(torch.stack(expected).sum(), of),
        strict=True,
    ):
        torch.testing.assert_close(found, wanted)


def test_what_is_wholly_observed_or_not_at_all_has_its_own_likelihood_or_one():
    names, crf, emissions, mask, _ = partly_observed()
    labels = torch.randint(0, len(names), mask.shape)
    one = torch.nn.functional.one_hot(labels, len(names)).bool()
    whole = crf.log_likelihood(emissions, labels, mask)
    torch.testing.assert_close(crf.log_likelihood(emissions, labels, mask, possible=one), whole)
    free = LinearChainCrf(len(names)).double()
    nothing = free.log_likelihood(emissions, labels, mask, possible=torch.ones_like(one))
    torch.testing.assert_close(nothing, torch.zeros_like(nothing))
