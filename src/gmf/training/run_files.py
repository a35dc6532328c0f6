"""Names of what a run folder holds; needs no tensor library."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

#: Resolved configuration, metrics by epoch, how far the run is, and what stands behind it.
CONFIG, METRICS, STATE, PROVENANCE = "config.yaml", "metrics.jsonl", "state.json", "provenance.json"
#: Folder of the checkpoints, and what each unfinished one has for going on.
CHECKPOINTS, OPTIMIZER = "checkpoints", "optimizer.pt"
#: Held by whoever trains the run.
LOCK = ".lock"
_EPOCH = "epoch-"


def checkpoint_folder(run: Path, epoch: int) -> Path:
    """Return the folder of an epoch's checkpoint; epochs count from 1."""
    return run / CHECKPOINTS / f"{_EPOCH}{epoch:03d}"


def is_finished(run: Path) -> bool:
    """Return whether a run says of itself that its training is over."""
    try:
        state: object = json.loads((run / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(state, dict) and bool(cast(dict[str, object], state).get("finished"))


def checkpoint_folders(run: Path) -> list[Path]:
    """Return the folders of all checkpoints of a run; what else lies among them is another's."""
    return [
        path
        for path in sorted((run / CHECKPOINTS).glob(f"{_EPOCH}*"))
        if path.name.removeprefix(_EPOCH).isdecimal() and path.is_dir()
    ]


def clear_checkpoints(run: Path, *, kept: Mapping[int, bool]) -> None:
    """Remove the checkpoints of a run that are not kept.

    Args:
        run: The run folder.
        kept: Epochs of those that are, and whether training may go on from each.
    """
    goes_on = {checkpoint_folder(run, epoch): going for epoch, going in kept.items()}
    for folder in checkpoint_folders(run):
        if folder not in goes_on:
            shutil.rmtree(folder)
        elif not goes_on[folder]:
            (folder / OPTIMIZER).unlink(missing_ok=True)
