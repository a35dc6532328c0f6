"""Batch normalisation of values whose channels lie last."""

from jaxtyping import Float
from torch import Tensor, nn


def plain_batch_norm(
    values: Float[Tensor, "views cells channels"], norm: nn.BatchNorm1d, *, use_batch: bool
) -> Float[Tensor, "views cells channels"]:
    """Return each channel normalised over views and cells.

    Args:
        values: What to normalise.
        norm: Weights and running statistics.
        use_batch: Whether to use the statistics of these values and add them to the running ones.
    """
    return _batch_norm(values.mT, norm, use_batch).mT


def fast_batch_norm(
    values: Float[Tensor, "views cells channels"], norm: nn.BatchNorm1d, *, use_batch: bool
) -> Float[Tensor, "views cells channels"]:
    """Return what ``plain_batch_norm`` returns.

    On ``(views, channels, cells)`` torch takes many times as long as on rows, but not for one
    channel.
    """
    rows = values.mT if values.shape[2] == 1 else values.flatten(0, 1)
    return _batch_norm(rows, norm, use_batch).view_as(values)


def _batch_norm(values: Tensor, norm: nn.BatchNorm1d, use_batch: bool) -> Tensor:
    return nn.functional.batch_norm(
        values,
        norm.running_mean,
        norm.running_var,
        norm.weight,
        norm.bias,
        training=use_batch,
        momentum=norm.momentum or 0.0,
        eps=norm.eps,
    )
