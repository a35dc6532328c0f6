"""Refinement of a feature map by the scores of its channels and positions (GMF, Eq. 1)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from gmf.models.kernels.microbatch import fast_by_view

#: Elements of a map up to which a training step keeps its gate instead of computing it twice.
MAX_KEPT = 2**23


def plain_refine(
    feature_map: Float[Tensor, "views channels height width"],
    channel_scores: Float[Tensor, "views channels 1 1"],
    spatial_scores: Float[Tensor, "views 1 height width"],
) -> Float[Tensor, "views channels height width"]:
    """Return ``F + F * sigmoid(M_c + M_s)``."""
    return feature_map + feature_map * torch.sigmoid(channel_scores + spatial_scores)


def fast_refine(
    feature_map: Float[Tensor, "views channels height width"],
    channel_scores: Float[Tensor, "views channels 1 1"],
    spatial_scores: Float[Tensor, "views 1 height width"],
    *,
    pool: Callable[[Tensor], Tensor] | None = None,
) -> Float[Tensor, "views channels _ _"]:
    """Return ``pool`` of what ``plain_refine`` returns, without intermediate maps.

    Args:
        feature_map: F.
        channel_scores: M_c.
        spatial_scores: M_s.
        pool: Reads the refined map view by view. Given here, a training step on a large map keeps
            neither gate nor refined map: both are computed in parts, and again in backward.
    """
    inputs = (feature_map, channel_scores, spatial_scores)
    if not torch.is_grad_enabled() or feature_map.numel() <= MAX_KEPT:
        return _refine_and_pool(*inputs, pool)

    def recomputed(*part: Tensor) -> tuple[Tensor]:
        return (
            checkpoint(
                _refine_and_pool, *part, pool, use_reentrant=False, preserve_rng_state=False
            ),
        )

    return fast_by_view(recomputed, *inputs)[0]


def _refine_and_pool(
    feature_map: Tensor,
    channel_scores: Tensor,
    spatial_scores: Tensor,
    pool: Callable[[Tensor], Tensor] | None,
) -> Tensor:
    inputs = (feature_map, channel_scores, spatial_scores)
    if not (in_order := feature_map.is_contiguous()):
        # Seen with the channels last, the sum of the scores lies in memory as the map does.
        inputs = tuple(part.permute(0, 2, 3, 1) for part in inputs)
    feature_map, channel_scores, spatial_scores = inputs
    # In place and in one pass, two intermediate maps are spared.
    gate = (channel_scores + spatial_scores).sigmoid_()
    refined = torch.addcmul(feature_map, feature_map, gate)
    if not in_order:
        refined = refined.permute(0, 3, 1, 2)
    return refined if pool is None else pool(refined)
