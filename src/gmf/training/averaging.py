"""Weights averaged over training, which often score better than those of any one step."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """Exponential mean of a model's weights and running statistics over updates.

    Its decay rises with the updates, ``(1 + n) / (10 + n)`` up to the one given, so that the
    random weights of the beginning are soon forgotten.

    Source: Polyak and Juditsky 1992; the rising decay is that of TensorFlow's
    ``ExponentialMovingAverage``.

    Args:
        model: The model in training.
        decay: Weight of the mean before an update, in [0, 1); 0: there is no mean, and every method
            does nothing.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        tensors = (*model.parameters(), *model.buffers())
        self._weights = [tensor for tensor in tensors if tensor.is_floating_point()]
        self.decay, self.updates = decay, 0
        self._means = [weight.detach().clone() for weight in self._weights] if decay else []

    def update(self) -> None:
        """Take in the weights after an update of the optimiser."""
        if not self.decay:
            return
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        get_ema_multi_avg_fn(decay)(self._means, self._weights, self.updates)

    @contextmanager
    def in_model(self) -> Generator[None]:
        """Give the model the mean within a ``with`` block, and its own weights after it."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def state(self) -> dict[str, Any]:
        """Return, within ``in_model``, what training goes on with: the model's own weights."""
        return {"updates": self.updates, "weights": self._means} if self.decay else {}

    def restore(self, state: dict[str, Any]) -> None:
        """Give a model that was loaded with the mean its own weights back."""
        if not self.decay:
            return
        self.updates = int(state["updates"])
        with torch.no_grad():
            for mean, weight in zip(self._means, state["weights"], strict=True):
                mean.copy_(weight)
        self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for mean, weight in zip(self._means, self._weights, strict=bool(self.decay)):
            held = weight.clone()
            weight.copy_(mean)
            mean.copy_(held)
