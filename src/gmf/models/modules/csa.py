"""Cross-scale attention: refine one level of the image pyramid (GMF, Eq. 1-4)."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from gmf.models.kernels.pooling import CellPool
from gmf.models.kernels.refinement import fast_refine
from gmf.models.modules.normalisation import GuardedBatchNorm

#: Narrower bottlenecks lose all their ReLUs too easily.
MIN_WIDTH = 8


class CrossScaleAttention(nn.Module):
    """Emphasise channels and positions of a feature map: ``F' = F + F * sigmoid(M_c(F) + M_s(F))``.

    Source: GMF, Sect. 3.4.1, Eq. 1-4. Departs from it: ReLU between layers and a least width of
    the bottleneck, which the paper does not state (docs/decisions/0001).

    Args:
        channels: Channels of the map.
        reduction_ratio: Bottleneck width is ``channels / reduction_ratio``, at least 8.
        dilation: Dilation of the two 3x3 convolutions.

    Raises:
        ValueError: If a size is below 1.
    """

    def __init__(self, channels: int, *, reduction_ratio: int = 16, dilation: int = 4) -> None:
        super().__init__()
        if min(channels, reduction_ratio, dilation) < 1:
            raise ValueError("channels, reduction_ratio and dilation: expected at least 1")
        width = max(MIN_WIDTH, channels // reduction_ratio)
        self.average = CellPool(1)
        self.channel = nn.Sequential(
            nn.Linear(channels, width), nn.ReLU(), nn.Linear(width, channels)
        )
        self.channel_norm = GuardedBatchNorm(channels)
        self.spatial = nn.Sequential(
            nn.Conv2d(channels, width, 1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation),
            nn.ReLU(),
            nn.Conv2d(width, 1, 1),
        )
        self.spatial_norm = GuardedBatchNorm(1)

    def forward(
        self,
        feature_map: Float[Tensor, "views channels height width"],
        *,
        pool: Callable[[Tensor], Tensor] | None = None,
        weights: Float[Tensor, " views"] | None = None,
    ) -> Float[Tensor, "views channels _ _"]:
        """Return the refined map F', Eq. 1, or what ``pool`` makes of it view by view.

        Args:
            feature_map: F of one level.
            pool: What reads F', such as the pooling of Eq. 5. Given here, no training step keeps
                F' of a large map.
            weights: Of each view in the statistics; see ``Batch.view_weights``.
        """
        channel_scores = self.channel_attention(feature_map, weights=weights)
        spatial_scores = self.spatial_attention(feature_map, weights=weights)
        return fast_refine(feature_map, channel_scores, spatial_scores, pool=pool)

    def channel_attention(
        self,
        feature_map: Float[Tensor, "views channels height width"],
        *,
        weights: Float[Tensor, " views"] | None = None,
    ) -> Float[Tensor, "views channels 1 1"]:
        """Return M_c before the sigmoid, Eq. 3."""
        scores = self.channel(self.average(feature_map).flatten(1))
        return self.channel_norm(scores[:, None], weights=weights).mT.unsqueeze(3)

    def spatial_attention(
        self,
        feature_map: Float[Tensor, "views channels height width"],
        *,
        weights: Float[Tensor, " views"] | None = None,
    ) -> Float[Tensor, "views 1 height width"]:
        """Return M_s before the sigmoid, Eq. 4."""
        scores = self.spatial(feature_map)
        rows = scores.flatten(1).unsqueeze(2)
        return self.spatial_norm(rows, weights=weights).view_as(scores)
