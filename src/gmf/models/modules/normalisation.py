"""Batch normalisation that survives batches with a single image, over all processes."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gmf.models.kernels.normalisation import fast_batch_norm
from gmf.models.processes import has_peers, sum_over_processes


class GuardedBatchNorm(nn.Module):
    """Batch normalisation that uses its running statistics when a batch is too small for its own.

    A batch of one vector has no variance; samples with images are rare in some batches. A training
    step of several processes takes the statistics of all their views.

    Args:
        channels: Channels of the input, its last axis.

    Attributes:
        exchanged: What a training step of several processes exchanged; see ``reach_exchanged``.
    """

    exchanged: Tensor | None = None

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(
        self,
        values: Float[Tensor, "views cells channels"],
        *,
        weights: Float[Tensor, " views"] | None = None,
    ) -> Float[Tensor, "views cells channels"]:
        """Return each channel normalised over views and cells.

        Args:
            values: What to normalise.
            weights: Of each view in the statistics; see ``Batch.view_weights``.
        """
        if self.training and has_peers():
            normalised, self.exchanged = shared_batch_norm(
                values, self.norm, weights=weights, least_views=2
            )
            return normalised
        use_batch = self.training and values.shape[0] > 1
        return fast_batch_norm(values, self.norm, use_batch=use_batch)


class SharedBatchNorm2d(nn.BatchNorm2d):
    """``torch.nn.BatchNorm2d`` with the statistics of all processes in a training step.

    Attributes:
        view_weights: Of each view in the statistics; see ``Batch.view_weights``.
        exchanged: What a training step of several processes exchanged; see ``reach_exchanged``.
    """

    view_weights: Float[Tensor, " views"] | None = None
    exchanged: Tensor | None = None

    def forward(
        self, input: Float[Tensor, "views channels height width"]
    ) -> Float[Tensor, "views channels height width"]:
        """Return each channel normalised over views, height and width."""
        if not (self.training and has_peers()):
            return super().forward(input)
        cells = input.flatten(2).mT
        normalised, self.exchanged = shared_batch_norm(
            cells, self, weights=self.view_weights, least_views=1
        )
        return normalised.mT.reshape(input.shape)


def reach_exchanged(model: nn.Module, loss: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """Return the loss, made to depend on all statistics that the model exchanged.

    Only so a process whose samples show nothing takes part when gradients flow back through them.
    """
    for module in model.modules():
        if isinstance(module, GuardedBatchNorm | SharedBatchNorm2d):
            if module.exchanged is not None:
                loss = loss + 0 * module.exchanged
            module.exchanged = None
    return loss


def share_statistics(model: nn.Module) -> list[SharedBatchNorm2d]:
    """Let a model built elsewhere, such as one of transformers, share its statistics.

    Returns:
        Its normalisations, which the model goes on to own.
    """
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm2d
    return [module for module in model.modules() if isinstance(module, SharedBatchNorm2d)]


def shared_batch_norm(
    values: Float[Tensor, "views cells channels"],
    norm: nn.BatchNorm1d | nn.BatchNorm2d,
    *,
    weights: Float[Tensor, " views"] | None,
    least_views: int,
) -> tuple[Float[Tensor, "views cells channels"], Float[Tensor, ""]]:
    """Return what batch normalisation of the views of all processes gives for those of this one.

    The second result depends on all that was exchanged.

    Args:
        values: What to normalise; processes may have no views.
        norm: Weights and running statistics; the latter are updated.
        weights: Of each view in the statistics; 1 each when ``None``.
        least_views: With fewer in all processes the running statistics stand in.
    """
    exact = values.to(torch.promote_types(values.dtype, torch.float32))
    weights = exact.new_ones(len(exact)) if weights is None else weights.to(exact.dtype)
    share = weights[:, None, None]
    cells = weights.sum() * values.shape[1]
    local = torch.cat([(exact * share).sum(dim=(0, 1)), torch.stack([cells, weights.sum()])])
    sums = sum_over_processes(local)
    count, num_views = sums[-2].detach(), sums[-1].detach()
    mean = sums[:-2] / count.clamp(min=1)
    squares = ((exact - mean).square() * share).sum(dim=(0, 1))
    variance = sum_over_processes(squares) / count.clamp(min=1)
    exchanged = mean.sum() + variance.sum()
    has_statistics = num_views > least_views - 0.5  # Sums of shares are not exact.
    running_mean, running_variance = norm.running_mean, norm.running_var
    if running_mean is not None and running_variance is not None:
        _update(norm, mean, variance * count / (count - 1).clamp(min=1), has_statistics)
        mean = torch.where(has_statistics, mean, running_mean)
        variance = torch.where(has_statistics, variance, running_variance)
    scale = (variance + norm.eps).rsqrt() * norm.weight
    return ((exact - mean) * scale + norm.bias).to(values.dtype), exchanged


@torch.no_grad()
def _update(
    norm: nn.BatchNorm1d | nn.BatchNorm2d, mean: Tensor, variance: Tensor, has_statistics: Tensor
) -> None:
    momentum = norm.momentum or 0.0
    if isinstance(norm, nn.BatchNorm2d) and norm.num_batches_tracked is not None:
        norm.num_batches_tracked += 1  # As torch counts them where it normalises itself.
    for running, new in ((norm.running_mean, mean), (norm.running_var, variance)):
        if running is not None:
            running.copy_(torch.where(has_statistics, running.lerp(new, momentum), running))
