"""Batch normalisation that survives batches with a single picture."""

from jaxtyping import Float
from torch import Tensor, nn


class GuardedBatchNorm(nn.Module):
    """Batch normalisation that uses its running statistics when a batch is too small for its own.

    A batch of one vector has no variance; posts with images are rare in some batches.

    Args:
        channels: Channels of the input, its last axis.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(
        self, values: Float[Tensor, "views cells channels"]
    ) -> Float[Tensor, "views cells channels"]:
        """Return each channel normalised over views and cells."""
        # torch takes many times as long on (views, channels, cells), but not for one channel.
        rows = values.mT if values.shape[2] == 1 else values.flatten(0, 1)
        normed = nn.functional.batch_norm(
            rows,
            self.norm.running_mean,
            self.norm.running_var,
            self.norm.weight,
            self.norm.bias,
            training=self.training and values.shape[0] > 1,
            momentum=self.norm.momentum or 0.0,
            eps=self.norm.eps,
        )
        return normed.view_as(values)
