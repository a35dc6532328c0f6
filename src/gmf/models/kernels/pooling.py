"""Pooling of a feature map to a few cells, as one matrix product."""

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor, nn


def plain_cell_means(
    maps: Float[Tensor, "views channels height width"], side: int
) -> Float[Tensor, "views channels side side"]:
    """Return the mean of each of ``side x side`` cells: ``torch.nn.AdaptiveAvgPool2d``.

    Cells overlap where the side does not divide the map.
    """
    return nn.functional.adaptive_avg_pool2d(maps, side)


def fast_cell_means(
    maps: Float[Tensor, "views channels height width"], side: int
) -> Float[Tensor, "views channels side side"]:
    """Return what ``plain_cell_means`` returns, by one matrix product."""
    shares = _shares(*maps.shape[2:], side, maps.dtype, maps.device)
    return (maps.flatten(2) @ shares).unflatten(2, (side, side))


class CellPool(nn.Module):
    """The mean of each of ``side x side`` cells of a map, in the faster of two ways.

    torch's own converts a bf16 map as a whole before it averages it to one cell, and is slow on
    several cells of maps that do not lie channels last, as cached ones do; there the product is
    faster (benchmarks/results/train-pieces.md). On a GPU torch's own has no deterministic gradient.

    Args:
        side: Cells along each side.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(
        self, maps: Float[Tensor, "views channels height width"]
    ) -> Float[Tensor, "views channels side side"]:
        """Return the mean of each cell; see ``plain_cell_means``."""
        if tuple(maps.shape[2:]) == (self.side, self.side):
            return maps
        is_slow = maps.dtype == torch.bfloat16 if self.side == 1 else maps.is_contiguous()
        is_slow |= torch.are_deterministic_algorithms_enabled()
        if not is_slow or torch.compiler.is_exporting():
            return plain_cell_means(maps, self.side)
        return fast_cell_means(maps, self.side)


@lru_cache(maxsize=64)
def _shares(
    height: int, width: int, side: int, dtype: torch.dtype, device: torch.device
) -> Float[Tensor, "positions cells"]:
    """Return the share of each position in the mean of each cell."""
    # What is made in inference mode could take no part in a later training step.
    with torch.inference_mode(False):
        rows, columns = _belongs(height, side), _belongs(width, side)
        members = torch.einsum("ah,bw->hwab", rows, columns).flatten(2).flatten(0, 1)
        return (members / members.sum(dim=0)).to(device, dtype, non_blocking=True)


def _belongs(length: int, side: int) -> Float[Tensor, "side length"]:
    cells, positions = torch.arange(side)[:, None], torch.arange(length)
    first, end = cells * length // side, -(-(cells + 1) * length // side)
    return ((positions >= first) & (positions < end)).double()
