"""Batch normalisation that survives batches with a single image."""

from jaxtyping import Float
from torch import Tensor, nn

from gmf.models.kernels.normalisation import fast_batch_norm


class GuardedBatchNorm(nn.Module):
    """Batch normalisation that uses its running statistics when a batch is too small for its own.

    A batch of one vector has no variance; samples with images are rare in some batches.

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
        use_batch = self.training and values.shape[0] > 1
        return fast_batch_norm(values, self.norm, use_batch=use_batch)
