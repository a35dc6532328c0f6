"""Contrastive losses beside the plain one of ``consistency_matching``: decoupled and debiased."""

import math

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from gmf.models.runtime import without_autocast


def decoupled_contrastive_loss(
    text: Float[Tensor, "pairs dim"], image: Float[Tensor, "pairs dim"], *, temperature: float
) -> Float[Tensor, ""]:
    """Return the sum of both directions of the decoupled contrastive loss.

    The positive pair is left out of the denominator:
    ``-s_ii / tau + log sum_{j != i} e^(s_ij / tau)``.

    Source: Yeh et al. 2022, Eq. 6. Departs from it: no.

    Args:
        text: One row a pair.
        image: The row of the same pair.
        temperature: tau, above 0.

    Returns:
        The mean over the pairs; 0 when fewer than two pairs leave nothing to contrast.
    """
    if text.shape[0] < 2:
        return text.new_zeros(())
    similarity = cosines(text, image) / temperature
    own = similarity.diagonal()
    others = similarity.masked_fill(_diagonal(similarity), -math.inf)
    return (others.logsumexp(dim=1) + others.logsumexp(dim=0) - 2 * own).mean()


def debiased_contrastive_loss(
    text: Float[Tensor, "pairs dim"],
    image: Float[Tensor, "pairs dim"],
    *,
    temperature: float,
    positive_prior: float,
    weights: Num[Tensor, " pairs"],
) -> Float[Tensor, ""]:
    """Return the debiased contrastive loss, the mean of both directions.

    Some of the "negatives" of an anchor are positives in truth, a share of ``positive_prior``;
    their expected part is taken out of the denominator.

    Source: Chuang et al. 2020, Eq. 7-8, with one positive, on cosines. Departs from it: anchors are
    weighted.

    Args:
        text: One row a pair.
        image: The row of the same pair.
        temperature: tau, above 0.
        positive_prior: tau+ in [0, 1): chance that a negative is a positive.
        weights: Weight of each pair as anchor, at least 0; all alike when they sum to 0.

    Returns:
        The weighted mean over the pairs; 0 when fewer than two pairs leave nothing to contrast.
    """
    negatives = text.shape[0] - 1
    if negatives < 1:
        return text.new_zeros(())
    weights = weights.to(text.dtype)
    total = weights.sum()
    weights = torch.where(total > 0, weights / total, 1 / len(text))
    similarity = cosines(text, image) / temperature
    losses = [
        _debiased(matrix, temperature=temperature, prior=positive_prior)
        for matrix in (similarity, similarity.T)
    ]
    return ((losses[0] + losses[1]) / 2 * weights).sum()


def _debiased(
    similarity: Float[Tensor, "pairs pairs"], *, temperature: float, prior: float
) -> Float[Tensor, " pairs"]:
    negatives = similarity.shape[0] - 1
    scores = similarity.exp()
    own = scores.diagonal()
    mean = scores.masked_fill(_diagonal(scores), 0).sum(dim=1) / negatives
    corrected = ((mean - prior * own) / (1 - prior)).clamp(min=math.exp(-1 / temperature))
    return torch.log(own + negatives * corrected) - similarity.diagonal()


def cosines(
    rows: Float[Tensor, "rows dim"], columns: Float[Tensor, "columns dim"]
) -> Float[Tensor, "rows columns"]:
    """Return the cosine of each row with each column, in single precision at least.

    A temperature of a fifth and an exponential make much of the digits that bf16 does not have.
    """
    precision = torch.promote_types(rows.dtype, torch.float32)
    with without_autocast(rows.device):
        unit_rows, unit_columns = (
            nn.functional.normalize(vectors.to(precision), dim=-1) for vectors in (rows, columns)
        )
        return unit_rows @ unit_columns.T


def _diagonal(matrix: Tensor) -> Tensor:
    return torch.eye(len(matrix), dtype=torch.bool, device=matrix.device)
