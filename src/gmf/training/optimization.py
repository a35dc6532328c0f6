"""Parameter groups, optimiser and learning-rate schedule."""

import re
from typing import Any

from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from transformers import get_linear_schedule_with_warmup

from gmf.models.base import MnerModel
from gmf.training.config import TrainingConfig

_NORMS = (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm)


def build_optimizer(model: MnerModel[Any], config: TrainingConfig) -> AdamW:
    """Return AdamW with a learning rate for each kind of parameter.

    Which parameters decay is an option of its own, and so is how rates fall from layer to layer of
    the text encoder (Howard and Ruder 2018, Sect. 3.2). Frozen parameters are left out.
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
    groups: dict[tuple[str, bool, int], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            kind = model.parameter_group(name)
            is_weight = name not in undecayed
            decays = {
                "weights": is_weight and kind != "transitions",
                "scores": is_weight,
                "all": True,
            }[config.decayed]
            depth = 0 if config.layer_decay == 1 else _depth(name, model)
            groups.setdefault((kind, decays, depth), []).append(parameter)
    return AdamW(
        [
            {
                "params": parameters,
                "lr": rates[kind] * config.layer_decay**depth,
                "weight_decay": config.weight_decay if decays else 0.0,
                "name": kind,
            }
            for (kind, decays, depth), parameters in sorted(groups.items())
        ],
        fused=True,
    )


def _depth(name: str, model: MnerModel[Any]) -> int:
    """Return how many layers of the text encoder lie above a parameter; 0 outside of it."""
    if not name.startswith("text_encoder."):
        return 0
    layer = re.search(r"\.layers?\.(\d+)\.", name)
    layers = model.text_encoder.num_layers
    if layer is None:
        return layers if "embedding" in name else 0
    return layers - 1 - int(layer[1])


def build_schedule(optimizer: Optimizer, config: TrainingConfig, updates: int) -> LambdaLR:
    """Return the schedule that the options name.

    ``linear`` rises over the warm-up and then falls to zero at the last update. ``steps`` is that
    of the public code of UMGF: times 0.8 after every second epoch.

    Args:
        optimizer: Its rates are the peak.
        config: Names the share of warm-up.
        updates: Number of optimiser updates of the whole run.
    """
    if config.schedule == "steps":
        return LambdaLR(optimizer, lambda done: 0.8 ** (done * config.epochs // updates // 2))
    return get_linear_schedule_with_warmup(
        optimizer, num_warmup_steps=int(config.warmup_ratio * updates), num_training_steps=updates
    )
