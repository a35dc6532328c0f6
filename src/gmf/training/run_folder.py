"""The run folder: resolved configuration, metrics by epoch, and checkpoints that survive a kill."""

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml
from pydantic import ValidationError
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.files import write_text
from gmf.models.checkpoint import save_tagger
from gmf.models.tagger import Tagger
from gmf.training.config import RunConfig
from gmf.training.run_files import (
    CHECKPOINTS,
    CONFIG,
    METRICS,
    OPTIMIZER,
    PROVENANCE,
    STATE,
    epoch_name,
)


@dataclass
class RunState:
    """How far a run is; written last, so that it only ever names what is complete.

    Args:
        epochs_done: Epochs whose checkpoint is written.
        best_epoch: Epoch of the best dev F1, from 1; 0 before the first.
        best_f1: That F1, lenient micro, in [0, 1].
        finished: Whether training is over.
        history: One row of metrics an epoch.
    """

    epochs_done: int = 0
    best_epoch: int = 0
    best_f1: float = -1.0
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


class RunFolder:
    """Reads and writes one run.

    Args:
        path: The folder; made when absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, config: RunConfig, provenance: dict[str, Any]) -> RunState:
        """Start the run or return where a killed one stood.

        Raises:
            ConfigError: If the folder holds a run of another configuration.
        """
        wanted = config.model_dump(mode="json")
        if (self.path / CONFIG).exists():
            found = _completed(yaml.safe_load((self.path / CONFIG).read_text(encoding="utf-8")))
            if found != wanted:
                raise ConfigError(
                    f"{self.path}: holds a run of another configuration "
                    f"({_differences(found, wanted)}); choose another folder with --run, or "
                    "delete this one"
                )
        else:
            self.path.mkdir(parents=True, exist_ok=True)
            write_text(self.path / PROVENANCE, json.dumps(provenance, indent=2) + "\n")
            write_text(self.path / CONFIG, yaml.safe_dump(wanted, sort_keys=False))
        return self.state()

    def state(self) -> RunState:
        """Return how far the run is."""
        path = self.path / STATE
        if not path.exists():
            return RunState()
        return RunState(**json.loads(path.read_text(encoding="utf-8")))

    def checkpoint(self, epoch: int) -> Path:
        """Return the folder of an epoch's checkpoint."""
        return self.path / CHECKPOINTS / epoch_name(epoch)

    def best(self) -> Path:
        """Return the folder of the best checkpoint.

        Raises:
            CheckpointError: If the folder holds no run or no epoch is complete.
        """
        state = self.state()
        if not state.best_epoch:
            raise CheckpointError(f"{self.path}: no complete epoch; run the same `gmf train` again")
        return self.checkpoint(state.best_epoch)

    def save(
        self, tagger: Tagger, state: RunState, optimizer: Optimizer, schedule: LRScheduler
    ) -> None:
        """Write the checkpoint of ``state.epochs_done``; older ones but the best are removed."""
        folder = self.checkpoint(state.epochs_done)
        shutil.rmtree(folder, ignore_errors=True)
        save_tagger(tagger, folder)
        if not state.finished:
            saved = {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
            torch.save(saved, folder / OPTIMIZER)
        rows = "".join(json.dumps(row) + "\n" for row in state.history)
        write_text(self.path / METRICS, rows)
        write_text(self.path / STATE, json.dumps(asdict(state), indent=2) + "\n")
        keep = {folder, self.checkpoint(state.best_epoch)}
        for old in sorted((self.path / CHECKPOINTS).iterdir()):
            if old not in keep:
                shutil.rmtree(old)
            elif old != folder:
                (old / OPTIMIZER).unlink(missing_ok=True)

    def keep_best_only(self) -> None:
        """Remove all checkpoints of a finished run but the best.

        Raises:
            CheckpointError: If the folder holds no run or no epoch is complete.
        """
        best = self.best()
        for other in (self.path / CHECKPOINTS).iterdir():
            if other != best:
                shutil.rmtree(other)

    def restore(self, state: RunState, optimizer: Optimizer, schedule: LRScheduler) -> None:
        """Load optimiser and schedule of the last complete epoch; no pickled code is run."""
        path = self.checkpoint(state.epochs_done) / OPTIMIZER
        saved = torch.load(path, weights_only=True)
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])


def checkpoint_of(path: Path) -> Path:
    """Return the checkpoint that a path means: itself, or the best one of a run folder.

    Raises:
        CheckpointError: If it is neither.
    """
    return RunFolder(path).best() if (path / CONFIG).exists() else path


def _completed(options: Any) -> Any:
    """Return the configuration of a run with the defaults of options that are newer than it."""
    try:
        return RunConfig.model_validate(options).model_dump(mode="json")
    except ValidationError:
        return options


def _differences(found: Any, wanted: Any, prefix: str = "") -> str:
    if not isinstance(found, dict) or not isinstance(wanted, dict):
        return f"{prefix.rstrip('.')}: {found!r} there, {wanted!r} asked for"
    keys = sorted({*found, *wanted})
    parts = [
        _differences(found.get(key), wanted.get(key), f"{prefix}{key}.")
        for key in keys
        if found.get(key) != wanted.get(key)
    ]
    return "; ".join(parts)
