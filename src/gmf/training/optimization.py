"""Parameter groups, optimiser and learning-rate schedule."""

from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from transformers import get_linear_schedule_with_warmup

from gmf.models.base import MnerModel
from gmf.training.config import TrainingConfig

_NORMS = (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm)


def build_optimizer(model: MnerModel[Any], config: TrainingConfig) -> AdamW:
    """Return AdamW with a learning rate for each kind of parameter.

    Biases, normalisation and CRF transitions have no weight decay. Frozen parameters are left out.
    """
    rates = {
        "text_encoder": config.learning_rate,
        "image_encoder": config.image_learning_rate,
        "transitions": config.transitions_learning_rate,
        "new": config.new_learning_rate,
    }
    undecayed = {
        f"{name}.{own}" if name else own
        for name, module in model.named_modules()
        for own, _ in module.named_parameters(recurse=False)
        if isinstance(module, _NORMS) or own == "bias" or own.endswith("_bias")
    }
    groups: dict[tuple[str, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            kind = model.parameter_group(name)
            decays = name not in undecayed and kind != "transitions"
            groups.setdefault((kind, decays), []).append(parameter)
    return AdamW(
        [
            {
                "params": parameters,
                "lr": rates[kind],
                "weight_decay": config.weight_decay if decays else 0.0,
                "name": kind,
            }
            for (kind, decays), parameters in sorted(groups.items())
        ],
        fused=True,
    )


def clip_gradients(optimizer: Optimizer, max_norm: float) -> None:
    """Bound the common norm of all gradients, as ``torch.nn.utils.clip_grad_norm_`` does.

    The optimiser's next step scales the gradients while it reads them, by the argument with which
    ``torch.amp.GradScaler`` gives fused optimisers its scale: one pass over all gradients is
    spared. Norms are taken row by row, since torch takes that of a whole tensor on one core.

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


def build_schedule(optimizer: Optimizer, config: TrainingConfig, updates: int) -> LambdaLR:
    """Return a schedule that rises over the warm-up and then falls to zero at the last update.

    Args:
        optimizer: Its rates are the peak.
        config: Names the share of warm-up.
        updates: Number of optimiser updates of the whole run.
    """
    return get_linear_schedule_with_warmup(
        optimizer, num_warmup_steps=int(config.warmup_ratio * updates), num_training_steps=updates
    )
