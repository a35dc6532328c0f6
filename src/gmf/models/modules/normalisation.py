"""Batch normalisation that survives batches with a single picture."""

from jaxtyping import Float
from torch import Tensor, nn


class GuardedBatchNorm(nn.Module):
    """Batch normalisation that uses its running statistics when a batch is too small for its own.

    A batch of one vector has no variance; posts with images are rare in some batches.

    Args:
        channels: Channels of the input, axis 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, values: Float[Tensor, "views channels cells"]) -> Tensor:
        """Return normalised values of the same shape."""
        own = self.training and values.shape[0] * values.shape[2] > 1 and values.shape[0] > 1
        return nn.functional.batch_norm(
            values,
            self.norm.running_mean,
            self.norm.running_var,
            self.norm.weight,
            self.norm.bias,
            training=own,
            momentum=self.norm.momentum or 0.0,
            eps=self.norm.eps,
        )
