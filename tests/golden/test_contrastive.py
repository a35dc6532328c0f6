"""Matching by swapped pairs and the contrastive losses of the baselines against plain loops."""

import math

import pytest
import torch

from gmf.models.modules.consistency_matching import contrastive_loss
from gmf.models.modules.contrastive import debiased_contrastive_loss, decoupled_contrastive_loss
from gmf.models.modules.image_text_matching import ImageTextMatching, masked_mean, swap_pairs


def randn(*shape):
    return torch.randn(*shape, dtype=torch.double)


def cosine(a, b):
    return float(a @ b / a.norm() / b.norm())


def test_decoupled_loss_leaves_the_positive_out_of_the_denominator():
    text, image = randn(4, 3), randn(4, 3)
    total = 0.0
    for i in range(4):
        own = math.exp(cosine(text[i], image[i]) / 0.2)
        others = [j for j in range(4) if j != i]
        total -= math.log(own / sum(math.exp(cosine(text[i], image[j]) / 0.2) for j in others))
        total -= math.log(own / sum(math.exp(cosine(text[j], image[i]) / 0.2) for j in others))
    result = decoupled_contrastive_loss(text, image, temperature=0.2)
    assert result.item() == pytest.approx(total / 4)


def debiased_by_hand(anchor, others, i, tau, prior):
    count = len(others) - 1
    own = math.exp(cosine(anchor[i], others[i]) / tau)
    mean = sum(math.exp(cosine(anchor[i], o) / tau) for j, o in enumerate(others) if j != i) / count
    corrected = max((mean - prior * own) / (1 - prior), math.exp(-1 / tau))
    return -math.log(own / (own + count * corrected))


@pytest.mark.parametrize("weights", [[1, 2, 0, 5], [0, 0, 0, 0]])
def test_debiased_loss_takes_expected_positives_out_of_the_negatives(weights):
    text, image = randn(4, 3), randn(4, 3)
    text[1] = image[1]  # so near that the lower bound of the denominator holds
    result = debiased_contrastive_loss(
        text, image, temperature=0.3, positive_prior=0.2, weights=torch.tensor(weights)
    )
    shares = [w / sum(weights) if sum(weights) else 0.25 for w in weights]
    expected = sum(
        share
        * (debiased_by_hand(text, image, i, 0.3, 0.2) + debiased_by_hand(image, text, i, 0.3, 0.2))
        / 2
        for i, share in enumerate(shares)
    )
    assert result.item() == pytest.approx(expected)


def test_debiased_loss_without_prior_is_the_plain_one():
    text, image = randn(5, 3), randn(5, 3)
    result = debiased_contrastive_loss(
        text, image, temperature=0.5, positive_prior=0.0, weights=torch.ones(5)
    )
    normal = torch.nn.functional.normalize
    similarity = normal(text, dim=-1) @ normal(image, dim=-1).T / 0.5
    plain = torch.nn.functional.cross_entropy
    match = torch.arange(5)
    expected = (plain(similarity, match) + plain(similarity.T, match)) / 2
    assert result.item() == pytest.approx(expected.item())


def test_one_pair_leaves_nothing_to_contrast():
    text, image = randn(1, 3), randn(1, 3)
    assert decoupled_contrastive_loss(text, image, temperature=0.2).item() == 0
    assert (
        debiased_contrastive_loss(
            text, image, temperature=0.2, positive_prior=0.1, weights=torch.ones(1)
        ).item()
        == 0
    )


@pytest.mark.parametrize(
    ("count", "share", "swapped"), [(8, 0.25, 2), (8, 0.5, 4), (5, 1.0, 4), (2, 0.1, 2), (1, 1, 0)]
)
def test_pairs_exchange_their_images_and_only_candidates_do(count, share, swapped):
    candidates = torch.zeros(count + 3, dtype=torch.bool)
    candidates[1 : count + 1] = True
    order, is_own = swap_pairs(candidates, share=share)
    assert sorted(order.tolist()) == list(range(count + 3))
    assert int((~is_own).sum()) == swapped
    assert torch.equal(order[order], torch.arange(count + 3))
    assert not (~is_own & ~candidates).any()
    assert torch.equal(is_own, order == torch.arange(count + 3))


def test_which_posts_are_swapped_is_left_to_chance():
    candidates = torch.ones(16, dtype=torch.bool)
    chosen = {tuple(swap_pairs(candidates, share=0.25)[0].tolist()) for _ in range(20)}
    assert len(chosen) > 10


def test_matching_reads_means_over_real_positions():
    module = ImageTextMatching(3).double()
    text, visual = randn(2, 4, 3), randn(2, 4, 3)
    text_mask = torch.tensor([[True, True, False, False], [True] * 4])
    visual_mask = text_mask[[1, 0]]
    result = module(text, visual, text_mask=text_mask, visual_mask=visual_mask)
    for b in range(2):
        sides = [
            sum(row for row, there in zip(side[b], mask[b], strict=True) if there) / mask[b].sum()
            for side, mask in ((text, text_mask), (visual, visual_mask))
        ]
        expected = module.classifier.weight @ torch.cat(sides) + module.classifier.bias
        torch.testing.assert_close(result[b], expected)


def test_mean_of_nothing_is_zero():
    assert masked_mean(randn(1, 2, 3), torch.zeros(1, 2, dtype=torch.bool)).abs().sum() == 0


@pytest.mark.parametrize("name", ["plain", "decoupled", "debiased"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_contrasts_compute_in_single_precision_under_autocast(name, dtype):
    torch.manual_seed(0)
    text, image = torch.randn(16, 64).to(dtype), torch.randn(16, 64).to(dtype)
    loss = {
        "plain": lambda: contrastive_loss(text, image, temperature=0.2, direction_weight=0.7),
        "decoupled": lambda: decoupled_contrastive_loss(text, image, temperature=0.2),
        "debiased": lambda: debiased_contrastive_loss(
            text, image, temperature=0.2, positive_prior=0.1, weights=torch.ones(16)
        ),
    }[name]
    with torch.autocast("cpu", torch.bfloat16):
        found = loss()
    text, image = text.float(), image.float()
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, loss())
