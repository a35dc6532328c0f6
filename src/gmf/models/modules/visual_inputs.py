"""Visual inputs of samples, with masks: regions of a grid, object vectors, whole-image vectors."""

from collections.abc import Sequence
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
    batch: Batch, maps: Sequence[Float[Tensor, "views _ _ _"]] | None, *, channels: int
) -> VisualItems:
    """Return the cells of the last map of every whole image of a sample (7 x 7 for ResNet at 224).

    Args:
        batch: The samples.
        maps: Stage maps of the batch's views; ``None`` without images.
        channels: Width of the last stage.
    """
    cells = None if maps is None else maps[-1].flatten(2).transpose(1, 2)
    return _gather(batch, cells, _whole(batch), channels)


def object_vectors(
    batch: Batch, maps: Sequence[Float[Tensor, "views _ _ _"]] | None, *, channels: int
) -> VisualItems:
    """Return the mean of the last map of each region; of whole images in samples without regions.

    Args:
        batch: The samples.
        maps: Stage maps of the batch's views; ``None`` without images.
        channels: Width of the last stage.
    """
    regions = (batch.view_index >= 0) & batch.view_is_region
    shown = regions | (_whole(batch) & ~regions.any(dim=1, keepdim=True))
    return _gather(batch, _means(maps), shown, channels)


def whole_images(
    batch: Batch, maps: Sequence[Float[Tensor, "views _ _ _"]] | None, *, channels: int
) -> VisualItems:
    """Return the mean of the last map of each whole image.

    Args:
        batch: The samples.
        maps: Stage maps of the batch's views; ``None`` without images.
        channels: Width of the last stage.
    """
    return _gather(batch, _means(maps), _whole(batch), channels)


def real_images(
    batch: Batch, *, blanks: bool = False
) -> tuple[Bool[Tensor, " batch"], Int[Tensor, " pairs"]]:
    """Return which samples have a real whole image, and the first view of each.

    Contrastive losses pair these samples with these views.

    Args:
        batch: The samples.
        blanks: Whether a blank stand-in counts as a real image.
    """
    real = _whole(batch)
    if not blanks:
        real &= ~batch.view_is_blank
    rows = real.any(dim=1)
    if not real.shape[1]:
        return rows, batch.view_index.new_zeros(0)
    return rows, batch.view_index[rows, real[rows].int().argmax(dim=1)]


def _whole(batch: Batch) -> Bool[Tensor, "batch slots"]:
    """Return which slots hold a whole image."""
    return (batch.view_index >= 0) & ~batch.view_is_region


def _means(maps: Sequence[Tensor] | None) -> Float[Tensor, "views 1 channels"] | None:
    """Return the mean of the last map of each view."""
    return None if maps is None else maps[-1].mean(dim=(2, 3))[:, None]


def _gather(batch: Batch, items: Tensor | None, shown: Tensor, channels: int) -> VisualItems:
    """Lay the items of each shown slot side by side; slots that no sample shows are left out."""
    index = batch.view_index
    if not torch.compiler.is_exporting():
        # Masked slots change nothing but cost time; a graph's shapes must not depend on its values.
        used = shown.any(dim=0)
        index, shown = index[:, used], shown[:, used]
    if items is None or not index.shape[1]:
        device = batch.view_index.device
        return VisualItems(
            torch.zeros(len(index), 0, channels, device=device),
            torch.zeros(len(index), 0, dtype=torch.bool, device=device),
        )
    mask = shown.repeat_interleave(items.shape[1], dim=1)
    values = items[index.clamp(min=0)].flatten(1, 2)
    return VisualItems(values.masked_fill(~mask[:, :, None], 0), mask)
