"""What an update of the weights is: clipping, optimiser, schedule and the weights' mean."""

from typing import Any

from gmf.models.base import MnerModel
from gmf.models.kernels.clipping import fast_clip_gradients
from gmf.training.averaging import WeightAverage
from gmf.training.config import TrainingConfig
from gmf.training.optimization import build_optimizer, build_schedule


class Updates:
    """The updates of one training.

    Args:
        model: The model, on its device.
        config: How it is optimised.
        count: Updates of the whole training.
    """

    def __init__(self, model: MnerModel[Any], config: TrainingConfig, *, count: int) -> None:
        self._max_norm = config.max_grad_norm
        self._optimizer = build_optimizer(model, config)
        self._schedule = build_schedule(self._optimizer, config, count)
        self.average = WeightAverage(model, config.weight_average)

    @property
    def learning_rate(self) -> float:
        """Rate of the first group of weights at the next update."""
        return float(self._schedule.get_last_lr()[0])

    def step(self) -> None:
        """Update the weights by their gradients, and forget these."""
        fast_clip_gradients(self._optimizer, self._max_norm)
        self._optimizer.step()
        self.average.update()
        self._schedule.step()
        self._optimizer.zero_grad()

    def state(self) -> dict[str, Any]:
        """Return, within ``average.in_model``, what a later process goes on with."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "average": self.average.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on with a state; the model was loaded with the weights that were kept with it."""
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self.average.restore(state.get("average", {}))
