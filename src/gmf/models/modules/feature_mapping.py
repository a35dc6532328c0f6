"""Feature mapping: bring every level of the pyramid to one size (GMF, Eq. 5-6)."""

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gmf.models.kernels.linear import fast_pointwise
from gmf.models.kernels.pooling import CellPool
from gmf.models.modules.normalisation import GuardedBatchNorm


class FeatureMapping(nn.Module):
    """``V_s = Conv1x1(Pool(F'_s))`` for each stage s.

    Source: GMF, Sect. 3.4.1, Eq. 5-6. Departs from it: the last stage is pooled too when its map
    is larger than ``cells_per_side``; ``normalise`` adds a batch normalisation, without which what
    all views share drowns what tells them apart (docs/decisions/0003).

    Args:
        stage_channels: Channels of each stage.
        out_dim: Width that all stages share.
        cells_per_side: g; each image keeps g x g cells, 1 to 7.
        normalise: Whether to normalise each channel over the views and cells of a batch.

    Raises:
        ValueError: If no stage is given or ``cells_per_side`` is outside 1 to 7.
    """

    def __init__(
        self,
        stage_channels: Sequence[int],
        *,
        out_dim: int,
        cells_per_side: int,
        normalise: bool = False,
    ) -> None:
        super().__init__()
        if not stage_channels:
            raise ValueError("stage_channels is empty, expected one number a stage")
        if not 1 <= cells_per_side <= 7:
            raise ValueError(f"cells_per_side is {cells_per_side}, expected 1 to 7")
        self.pool = CellPool(cells_per_side)
        self.convolutions = nn.ModuleList(nn.Conv2d(c, out_dim, 1) for c in stage_channels)
        self.norms = nn.ModuleList(
            GuardedBatchNorm(out_dim) if normalise else nn.Identity() for _ in stage_channels
        )

    def forward(
        self,
        maps: Sequence[Float[Tensor, "views _ _ _"]],
        *,
        weights: Float[Tensor, " views"] | None = None,
    ) -> Float[Tensor, "views stages cells dim"]:
        """Return all stages at one size, their cells row by row.

        Args:
            maps: Map of each stage.
            weights: Of each view in the statistics; see ``Batch.view_weights``.

        Raises:
            ValueError: If the number of maps is not the number of stages.
        """
        if len(maps) != len(self.convolutions):
            raise ValueError(f"got {len(maps)} maps, expected {len(self.convolutions)} stages")
        mapped = [
            fast_pointwise(cast(nn.Conv2d, conv), self.pool(stage))
            for conv, stage in zip(self.convolutions, maps, strict=True)
        ]
        normalised = [
            norm(cells, weights=weights) if isinstance(norm, GuardedBatchNorm) else cells
            for norm, cells in zip(self.norms, mapped, strict=True)
        ]
        return torch.stack(normalised, dim=1)
