"""Visual inputs of samples, with masks: regions of a grid, object vectors, whole-image vectors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gmf.data.batch import Batch


@dataclass(frozen=True)
class VisualItems:
    """What each sample shows as a list of vectors.

    Args:
        values: The vectors; zero where the mask is off, whatever the images hold.
        mask: True where a vector is there; a row without any is a sample without images.
    """

    values: Float[Tensor, "batch items channels"]
    mask: Bool[Tensor, "batch items"]

    def mean(self) -> Float[Tensor, "batch channels"]:
        """Return the mean vector of each sample; zero without any."""
        return self.values.sum(dim=1) / self.mask.sum(dim=1, keepdim=True).clamp(min=1)


def grid_regions(
    batch: Batch,
    maps: Sequence[Float[Tensor, "views _ _ _"]] | None,
    *,
    channels: int,
    dtype: torch.dtype = torch.float32,
) -> VisualItems:
    """Return the cells of the last map of every whole image of a sample (7 x 7 for ResNet at 224).

    Args:
        batch: The samples.
        maps: Stage maps of the batch's views; ``None`` without images.
        channels: Width of the last stage.
        dtype: Of the image encoder, for what there is without any image.
    """
    cells = None if maps is None else maps[-1].flatten(2).transpose(1, 2)
    return _gather(batch, cells, _whole, channels, dtype)


def object_vectors(
    batch: Batch,
    maps: Sequence[Float[Tensor, "views _ _ _"]] | None,
    *,
    channels: int,
    dtype: torch.dtype = torch.float32,
) -> VisualItems:
    """Return the mean of the last map of each region; of whole images in samples without regions.

    Args:
        batch: The samples.
        maps: Stage maps of the batch's views; ``None`` without images.
        channels: Width of the last stage.
        dtype: Of the image encoder, for what there is without any image.
    """
    return _gather(batch, _means(maps), _regions_or_whole, channels, dtype)


def whole_images(
    batch: Batch,
    maps: Sequence[Float[Tensor, "views _ _ _"]] | None,
    *,
    channels: int,
    dtype: torch.dtype = torch.float32,
) -> VisualItems:
    """Return the mean of the last map of each whole image.

    Args:
        batch: The samples.
        maps: Stage maps of the batch's views; ``None`` without images.
        channels: Width of the last stage.
        dtype: Of the image encoder, for what there is without any image.
    """
    return _gather(batch, _means(maps), _whole, channels, dtype)


def real_images(
    batch: Batch, *, blanks: bool = False
) -> tuple[Bool[Tensor, " batch"], Int[Tensor, " pairs"]]:
    """Return which samples have a real whole image, and the first view of each.

    The first is a mask on the CPU, so that nobody waits to know how many they are; ``rows_of``
    makes of it what picks them on the batch's device. Contrastive losses pair these samples with
    these views.

    Args:
        batch: The samples.
        blanks: Whether a blank stand-in counts as a real image.
    """
    host, device = batch.host, batch.view_index.device
    real = _whole(host)
    if not blanks:
        real &= ~host.view_is_blank
    rows = real.any(dim=1)
    if not real.shape[1]:
        return rows, batch.view_index.new_zeros(0)
    views = host.view_index[rows, real[rows].int().argmax(dim=1)]
    return rows, views.to(device, non_blocking=True)


def rows_of(mask: Bool[Tensor, " batch"], device: torch.device) -> Int[Tensor, " rows"]:
    """Return where a mask on the CPU is true, on a device, which nobody waits for."""
    return mask.nonzero()[:, 0].to(device, non_blocking=True)


def _whole(batch: Batch) -> Bool[Tensor, "batch slots"]:
    """Return which slots hold a whole image."""
    return (batch.view_index >= 0) & ~batch.view_is_region


def _regions_or_whole(batch: Batch) -> Bool[Tensor, "batch slots"]:
    """Return which slots hold a region, or a whole image where the sample has no region."""
    regions = (batch.view_index >= 0) & batch.view_is_region
    return regions | (_whole(batch) & ~regions.any(dim=1, keepdim=True))


def _means(maps: Sequence[Tensor] | None) -> Float[Tensor, "views 1 channels"] | None:
    """Return the mean of the last map of each view."""
    return None if maps is None else maps[-1].mean(dim=(2, 3))[:, None]


def _gather(
    batch: Batch,
    items: Tensor | None,
    choose: Callable[[Batch], Bool[Tensor, "batch slots"]],
    channels: int,
    dtype: torch.dtype,
) -> VisualItems:
    """Lay the items of each chosen slot side by side; slots that no sample shows are left out."""
    host, device = batch.host, batch.view_index.device
    index, shown = host.view_index, choose(host)
    if not torch.compiler.is_exporting():
        # Masked slots change nothing but cost time; a graph's shapes must not depend on its values.
        used = shown.any(dim=0)
        index, shown = index[:, used], shown[:, used]
    if items is None or not index.shape[1]:
        return VisualItems(
            torch.zeros(len(index), 0, channels, dtype=dtype, device=device),
            torch.zeros(len(index), 0, dtype=torch.bool, device=device),
        )
    mask = shown.repeat_interleave(items.shape[1], dim=1).to(device, non_blocking=True)
    values = items[index.clamp(min=0).to(device, non_blocking=True)].flatten(1, 2)
    return VisualItems(values.masked_fill(~mask[:, :, None], 0), mask)
