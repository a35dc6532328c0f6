"""The run folder: resolved configuration, metrics by epoch, and checkpoints that survive a kill."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
import yaml
from pydantic import ValidationError
from torch import nn

from gmf.core.errors import CheckpointError, ConfigError, TrainingError
from gmf.core.files import sha256_of, write_text
from gmf.encoders.writing import writing
from gmf.models.checkpoint import CALIBRATION, WEIGHTS, load_weights, save_tagger
from gmf.models.tagger import Tagger
from gmf.training.config import RunConfig
from gmf.training.inputs import changes
from gmf.training.resuming import check_best, last_whole, note_changes
from gmf.training.run_files import (
    CHECKPOINTS,
    CONFIG,
    METRICS,
    OPTIMIZER,
    PROVENANCE,
    STATE,
    checkpoint_folder,
    checkpoint_folders,
    clear_checkpoints,
)
from gmf.training.run_state import RunState
from gmf.training.updates import Updates


class RunFolder:
    """Reads and writes one run.

    Args:
        path: The folder; made when absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(
        self,
        config: RunConfig,
        provenance: dict[str, Any],
        *,
        accept_changes: bool = False,
        on_note: Callable[[str], None] = lambda _: None,
    ) -> RunState:
        """Return where a killed run can go on; that of a new run in a new folder.

        Nothing is written: ``begin`` does it, when what the run goes on with is loaded. Of a
        finished run, checkpoints that a kill left are removed.

        Args:
            config: The run.
            provenance: What the run depends on and what it runs on; gets ``continued``, what was
                otherwise before: an entry for each time that something was.
            accept_changes: Whether to go on when data, images, code or encoders changed.
            on_note: Called with what the user must know.

        Raises:
            CheckpointError: If a file of the run is damaged that nothing can stand in for.
            ConfigError: If the folder holds a run of another configuration, or one that began with
                other data, images, code or encoders.
        """
        state = self.read(config)
        if (self.path / CONFIG).exists():
            goes_on = state.epochs_done > 0 and not state.finished
            before = self._provenance(is_needed=goes_on and not accept_changes)
            changed = changes(before, provenance)
            listed = "; ".join(f"{key}: {how}" if how else key for key, how in changed.items())
            if state.finished:
                check_best(self.path, state)
                clear_checkpoints(self.path, kept=state.kept())  # A kill may have come before.
                if changed:
                    on_note(
                        f"{self.path}: this finished run was trained with other inputs ({listed}); "
                        "choose another folder with --run to train with those of now"
                    )
                return state
            state = last_whole(self.path, state, on_note)
            if state.epochs_done:
                if changed and not accept_changes:
                    raise ConfigError(
                        f"{self.path}: this run began with other inputs ({listed}), and what it "
                        "ended with would be neither; bring them back, train in another folder "
                        "with --run, or go on nevertheless with --accept-changes"
                    )
                note_changes(before, provenance, state, on_note)
        return state

    def begin(self, config: RunConfig, provenance: dict[str, Any]) -> None:
        """Write what the run is and what stands behind it, before its first or next epoch."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_text(self.path / PROVENANCE, json.dumps(provenance, indent=2) + "\n")
        wanted = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
        write_text(self.path / CONFIG, wanted)

    def read(self, config: RunConfig) -> RunState:
        """Return how far a run is, if this is its folder; that of a new run in an empty folder.

        Raises:
            CheckpointError: If a file of the run is damaged.
            ConfigError: If the folder holds a run of another configuration.
        """
        path = self.path / CONFIG
        if not path.exists():
            if there := [name for name in (STATE, CHECKPOINTS) if (self.path / name).exists()]:
                raise ConfigError(
                    f"{self.path}: holds {' and '.join(there)} but no {CONFIG}, so it is no run of "
                    "gmf, whose folder would be written over; choose another folder with --run"
                )
            return RunState()
        try:
            content: object = yaml.safe_load(path.read_text(encoding="utf-8"))
            if not isinstance(content, dict):
                raise ValueError("it is no mapping")
            config_of_run = _completed(cast(dict[str, Any], content))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise CheckpointError(
                f"{path}: expected the configuration of a run ({error}); delete the folder to "
                "train anew"
            ) from error
        wanted = config.model_dump(mode="json")
        if config_of_run != wanted:
            raise ConfigError(
                f"{self.path}: holds a run of another configuration "
                f"({_differences(config_of_run, wanted)}); choose another folder with --run, or "
                "delete this one"
            )
        return self.state()

    def state(self) -> RunState:
        """Return how far the run is.

        Raises:
            CheckpointError: If the file that tells it is damaged.
        """
        if not (self.path / STATE).exists():
            if self.checkpoint(2).exists():
                raise CheckpointError(
                    f"{self.path / STATE}: absent, though epochs are done; bring it back, or "
                    "delete the folder to train anew"
                )
            return RunState()
        try:
            return RunState(**json.loads((self.path / STATE).read_text(encoding="utf-8")))
        except (OSError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{self.path / STATE}: expected how far a run is ({error}); delete the folder to "
                "train anew"
            ) from error

    def _provenance(self, *, is_needed: bool) -> dict[str, Any]:
        """Return what the run began with; empty if nobody needs it and it is not to be had."""
        path = self.path / PROVENANCE
        try:
            recorded: object = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(recorded, dict) or not recorded.keys() >= {"data", "code"}:
                raise ValueError("its digests are absent")
            return cast(dict[str, Any], recorded)
        except (OSError, ValueError) as error:
            if not is_needed:
                return {}
            raise CheckpointError(
                f"{path}: expected what the run began with ({error}); without it nobody knows "
                "whether data, images and code are still those; train in another folder with "
                "--run, or go on nevertheless with --accept-changes"
            ) from error

    def checkpoint(self, epoch: int) -> Path:
        """Return the folder of an epoch's checkpoint."""
        return checkpoint_folder(self.path, epoch)

    def best(self) -> Path:
        """Return the folder of the best checkpoint.

        Raises:
            CheckpointError: If the folder holds no run or no epoch is complete.
        """
        state = self.state()
        if not state.best_epoch:
            raise CheckpointError(f"{self.path}: no complete epoch; run the same `gmf train` again")
        return self.checkpoint(state.best_epoch)

    def save(self, tagger: Tagger, state: RunState, updates: Updates) -> None:
        """Write the checkpoint of ``state.epochs_done``.

        It stays with the one before, from which training can go on if this one is damaged, and with
        the best of both; others are removed.

        Raises:
            CheckpointError: If it cannot be written.
            TrainingError: If a weight is not a number.
        """
        _check_finite(tagger)
        folder, kept = self.checkpoint(state.epochs_done), state.kept()
        shutil.rmtree(folder, ignore_errors=True)
        save_tagger(tagger, folder)
        if not state.finished:
            with writing(folder / OPTIMIZER, raises=CheckpointError):
                torch.save(updates.state(), folder / OPTIMIZER)
        state.digests[folder.name] = {
            path.relative_to(folder).as_posix(): sha256_of(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        names = {self.checkpoint(epoch).name for epoch in kept}
        state.digests = {name: state.digests[name] for name in names & state.digests.keys()}
        if state.calibration:
            text = json.dumps(state.calibration, indent=2) + "\n"
            write_text(self.checkpoint(state.best_epoch) / CALIBRATION, text)
        rows = "".join(json.dumps(row) + "\n" for row in state.history)
        write_text(self.path / METRICS, rows)
        write_text(self.path / STATE, json.dumps(asdict(state), indent=2) + "\n")
        clear_checkpoints(self.path, kept=kept)

    def keep_best_only(self) -> None:
        """Remove all checkpoints of a finished run but the best.

        Raises:
            CheckpointError: If the folder holds no run or no epoch is complete.
        """
        best = self.best()
        for other in checkpoint_folders(self.path):
            if other != best:
                shutil.rmtree(other)

    def restore_model(self, state: RunState, model: nn.Module) -> None:
        """Load the weights of the last complete epoch.

        Raises:
            CheckpointError: If they do not fit, for types or code are others now.
        """
        path = self.checkpoint(state.epochs_done) / WEIGHTS
        try:
            load_weights(model, path)
        except RuntimeError as error:
            raise CheckpointError(
                f"{path}: these weights do not fit the model, whose entity types or code are "
                f"others now; train in another folder with --run ({error})"
            ) from error

    def restore(self, state: RunState, updates: Updates) -> None:
        """Load what the last complete epoch's updates ended with; no pickled code is run."""
        path = self.checkpoint(state.epochs_done) / OPTIMIZER
        updates.restore(torch.load(path, weights_only=True, map_location="cpu"))


def _check_finite(tagger: Tagger) -> None:
    """Refuse weights that the last updates ruined, which no loss has seen yet."""
    for name, weight in tagger.model.named_parameters():
        if not torch.isfinite(weight).all():
            raise TrainingError(
                f"{name} is not finite after the epoch; lower the learning rates, or compute with "
                "training.precision=fp32"
            )


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


def _differences(present: Any, wanted: Any, prefix: str = "") -> str:
    if not isinstance(present, dict) or not isinstance(wanted, dict):
        return f"{prefix.rstrip('.')}: {present!r} there, {wanted!r} asked for"
    keys = sorted({*present, *wanted})
    parts = [
        _differences(present.get(key), wanted.get(key), f"{prefix}{key}.")
        for key in keys
        if present.get(key) != wanted.get(key)
    ]
    return "; ".join(parts)
