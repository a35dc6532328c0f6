"""Clipping of gradients by their common norm."""

import torch
from torch import nn
from torch.optim import Optimizer


def plain_clip_gradients(optimizer: Optimizer, max_norm: float) -> None:
    """Scale the gradients of an optimiser down to a common norm; see ``fast_clip_gradients``."""
    nn.utils.clip_grad_norm_(
        [parameter for group in optimizer.param_groups for parameter in group["params"]], max_norm
    )


def fast_clip_gradients(optimizer: Optimizer, max_norm: float) -> None:
    """Let the next step of a fused optimiser scale the gradients while it reads them.

    It takes the scale by the argument that ``torch.amp.GradScaler`` uses, which spares one pass
    over all gradients. Norms are taken row by row, since torch takes that of a whole tensor on one
    core.

    Args:
        optimizer: A fused optimiser of torch, about to step.
        max_norm: Largest norm, above 0.
    """
    gradients = [
        parameter.grad
        for group in optimizer.param_groups
        for parameter in group["params"]
        if parameter.grad is not None
    ]
    rows = [
        torch.linalg.vector_norm(gradient.flatten(1) if gradient.ndim > 1 else gradient, dim=-1)
        for gradient in gradients
    ]
    norm = torch.linalg.vector_norm(torch.cat([row.flatten() for row in rows]))
    optimizer.grad_scale = ((norm + 1e-6) / max_norm).clamp(min=1)  # pyright: ignore[reportAttributeAccessIssue]
