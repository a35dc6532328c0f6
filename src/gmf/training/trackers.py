"""The scalars of a run, for TensorBoard and other trackers that Accelerate knows."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gmf.core.config import near_hint
from gmf.core.errors import ConfigError
from gmf.training.config import RunConfig

TENSORBOARD = "tensorboard"


class Scalars:
    """Sends the scalars of a run to its trackers, which begin with the first of them.

    Args:
        names: Accelerate's names of trackers.
        folder: Run folder; TensorBoard's files lie in it.
        config: The run.
    """

    def __init__(self, names: Sequence[str], *, folder: Path, config: RunConfig) -> None:
        self.names, self.folder, self.config = names, folder, config
        self._step = 0

    def step(self, step: int, loss: float) -> None:
        """Send the loss of one batch, counted over the run."""
        self._step = step
        self._log({"train/loss": loss}, epoch=None)

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Send the mean losses and the dev scores, in [0, 1], of one epoch."""
        values = {f"epoch/{name}": value for name, value in row["losses"].items()}
        for rule in ("lenient", "strict"):
            values[f"dev/f1_{rule}"] = row["dev"][rule]["micro"]["f1"]
        self._log(values, epoch=row["epoch"])

    def finish(self) -> None:
        """End the trackers that began."""
        for tracker in self.__dict__.pop("_trackers", {}).values():
            tracker.finish()

    def _log(self, values: dict[str, float], *, epoch: int | None) -> None:
        for name, tracker in self._trackers.items():
            if epoch is None:
                tracker.log(values, step=self._step)
            elif name == TENSORBOARD:
                tracker.log(values, step=epoch)
            else:  # Their steps only ever rise.
                tracker.log({**values, "epoch": epoch}, step=self._step)

    @cached_property
    def _trackers(self) -> dict[str, Any]:
        from accelerate.tracking import LOGGER_TYPE_TO_CLASS

        trackers: dict[str, Any] = {}
        for name in self.names:
            kind: Any = LOGGER_TYPE_TO_CLASS[name]
            if name == TENSORBOARD:
                trackers[name] = kind(TENSORBOARD, logging_dir=self.folder)
                trackers[name].start()
                continue
            # Weights & Biases calls a collection of runs a project, MLflow an experiment.
            run_names = {
                "mlflow": {"run_name": self.folder.name},
                "wandb": {"name": self.folder.name},
            }
            folders = {"logging_dir": self.folder} if kind.requires_logging_directory else {}
            trackers[name] = kind("gmf", **folders, **run_names.get(name, {}))
            trackers[name].start()
            trackers[name].store_init_configuration(_flat(self.config.model_dump(mode="json")))
        return trackers


@contextmanager
def tracked(names: Sequence[str], *, folder: Path, config: RunConfig) -> Generator[Scalars]:
    """Open the scalars of a run, for TensorBoard wherever it is installed.

    Args:
        names: Further trackers.
        folder: Run folder.
        config: The run.

    Raises:
        ConfigError: If there is no such tracker, or its package is not installed.
    """
    check_trackers(names)
    installed = [TENSORBOARD] if find_spec(TENSORBOARD) else []
    scalars = Scalars(tuple(dict.fromkeys([*installed, *names])), folder=folder, config=config)
    try:
        yield scalars
    finally:
        scalars.finish()


def check_trackers(names: Sequence[str]) -> None:
    """Refuse trackers that cannot be had.

    Raises:
        ConfigError: If there is no such tracker, or its package is not installed.
    """
    if not names:
        return
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers

    all_names, installed = list(LOGGER_TYPE_TO_CLASS), list(map(str, get_available_trackers()))
    for name in names:
        if name not in all_names:
            hint = near_hint(name, all_names)
            raise ConfigError(f"tracker {name!r}: expected one of {', '.join(all_names)}{hint}")
        # Accelerate asks once; a class that was registered in this process is there anyway.
        if name not in installed and LOGGER_TYPE_TO_CLASS[name].__module__.startswith("accelerate"):
            raise ConfigError(f"tracker {name!r}: install it with: pip install {name}")


def _flat(options: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, int | float | str) else str(value)
    return flat
