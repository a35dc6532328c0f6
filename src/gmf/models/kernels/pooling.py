"""Pooling of a feature map to a few cells, as one matrix product."""

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor, nn


class CellPool(nn.Module):
    """The average over each of ``side x side`` cells: ``torch.nn.AdaptiveAvgPool2d``, but faster.

    torch's own converts a bf16 map as a whole before it averages it to one cell, and is slow on
    several cells of maps that do not lie channels last, as cached ones do. There a product takes a
    half to a tenth of the time (benchmarks/results/train-pieces.md); elsewhere this is torch's own.

    Args:
        side: Cells along each side.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(
        self, maps: Float[Tensor, "views channels height width"]
    ) -> Float[Tensor, "views channels side side"]:
        """Return the mean of each cell; cells overlap where the side does not divide the map."""
        if tuple(maps.shape[2:]) == (self.side, self.side):
            return maps
        is_slow = maps.dtype == torch.bfloat16 if self.side == 1 else maps.is_contiguous()
        if not is_slow or torch.compiler.is_exporting():
            return nn.functional.adaptive_avg_pool2d(maps, self.side)
        shares = _shares(*maps.shape[2:], self.side, maps.dtype, maps.device)
        return (maps.flatten(2) @ shares).unflatten(2, (self.side, self.side))


@lru_cache(maxsize=64)
def _shares(
    height: int, width: int, side: int, dtype: torch.dtype, device: torch.device
) -> Float[Tensor, "places cells"]:
    """Return the share of each place in the mean of each cell."""
    # What is made in inference mode could take no part in a later training step.
    with torch.inference_mode(False):
        rows, columns = _belongs(height, side), _belongs(width, side)
        members = torch.einsum("ah,bw->hwab", rows, columns).flatten(2).flatten(0, 1)
        return (members / members.sum(dim=0)).to(device, dtype)


def _belongs(length: int, side: int) -> Float[Tensor, "side length"]:
    cells, places = torch.arange(side)[:, None], torch.arange(length)
    first, end = cells * length // side, -(-(cells + 1) * length // side)
    return ((places >= first) & (places < end)).double()
