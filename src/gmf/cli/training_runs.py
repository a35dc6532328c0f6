"""What the commands that train share: what is checked first, progress, names of runs."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gmf.cli.output import progress_bar, report_images, say
from gmf.core.device import compute_on
from gmf.core.errors import ConfigError

if TYPE_CHECKING:
    from gmf.training.config import RunConfig
    from gmf.training.run import Splits
    from gmf.training.run_folder import RunState

#: Keys that a name holds in another way, or that decide nothing.
_IN_NAME = ("seed", "model.name", "data.folder", "data.images", "data.cache", "encoders.")
_MAX_CHANGES = 4
Preset = Annotated[
    str,
    typer.Argument(
        help="A preset, such as twitter2017 or umt.twitter2015, or a YAML file.",
        metavar="PRESET|FILE",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE",
        help="Options, e.g. data.folder=DIR training.epochs=5; `gmf options` explains them all: "
        "data.(folder, folders, mix, images, encoding, max_subwords, context, context_file, "
        "hide_context, missing_image, cache.kind, cache.folder), encoders.(text, image) or "
        "encoders=PAIR, model=NAME and model.KEY, "
        "training.(epochs, order, batch_size, accumulation_steps, learning_rate, "
        "new_learning_rate, transitions_learning_rate, image_learning_rate, warmup_ratio, "
        "layer_decay, freeze, schedule, weight_decay, decayed, agreement, agreement_weight, "
        "teacher, teacher_weight, weight_average, max_grad_norm, patience, precision, "
        "deterministic, prefetch), seed, init.",
    ),
]
RunFolder = Annotated[
    Path | None,
    typer.Option("--run", help="Folder; by default runs/ and a name of data, model, options."),
]
Trackers = Annotated[
    list[str] | None,
    typer.Option(
        "--tracker",
        help="Also send the scalars to mlflow, wandb or another tracker of Accelerate; "
        "repeatable. TensorBoard has them wherever it is installed.",
    ),
]
AcceptChanges = Annotated[
    bool,
    typer.Option(
        "--accept-changes", help="Go on with a killed run though data, images or code changed."
    ),
]


def checked_config(
    preset: str, overrides: Sequence[str] | None, *, device: str, trackers: Sequence[str] | None
) -> "RunConfig":
    """Return the configuration of runs, after all that can be checked before work begins.

    This process and those that it starts train on the device.

    Raises:
        ConfigError: If an option is wrong, no data folder is named, or there is no such device or
            tracker here.
    """
    from gmf.experiments.presets import load_run_config
    from gmf.training.trackers import check_trackers

    compute_on(device)
    config = load_run_config(preset, overrides or [])
    _ = config.data.corpora  # Refused before anything else is done, if none is named.
    check_trackers(trackers or [])
    return config


def train_shown(
    config: "RunConfig",
    folder: Path,
    *,
    splits: "Splits | None" = None,
    trackers: Sequence[str] | None = None,
    accept_changes: bool = False,
) -> "RunState":
    """Train a run and show it: a bar, a line an epoch, what became of its images."""
    from gmf.training.run import train
    from gmf.training.trackers import tracked

    if is_helping():
        return train(config, folder, splits=splits, accept_changes=accept_changes)[0]
    with progress_bar() as bar, tracked(trackers or [], folder=folder, config=config) as scalars:
        task = bar.add_task("starting", total=None)
        notes: list[str] = []

        def on_step(epoch: int, number: int, total: int, loss: float) -> None:
            text = f"epoch {epoch}/{config.training.epochs} loss {loss:.2f}"
            bar.update(task, description=text, completed=number, total=total)
            scalars.step((epoch - 1) * total + number, loss)

        def on_epoch(row: dict[str, Any]) -> None:
            f1 = row["dev"]["lenient"]["micro"]["f1"]
            say(f"epoch {row['epoch']}: dev F1 {100 * f1:.2f} (lenient), {row['train_seconds']} s")
            scalars.epoch(row)

        def on_note(note: str) -> None:
            notes.append(note)
            say(note)

        state, images = train(
            config,
            folder,
            splits=splits,
            on_step=on_step,
            on_epoch=on_epoch,
            on_note=on_note,
            accept_changes=accept_changes,
        )
    report_images(images)
    was_told = any(note.startswith("warning: ") for note in notes)
    if not was_told and (warning := images.training_warning()):
        say(f"warning: {warning}")
    return state


def is_helping() -> bool:
    """Return whether another process of the same training tells how it goes."""
    return os.environ.get("RANK", "0") != "0"


def refuse_several_processes(command: str) -> None:
    """Refuse work that each process of a launcher would do by itself.

    Raises:
        ConfigError: If a launcher started several.
    """
    count = os.environ.get("WORLD_SIZE", "1")
    if count != "1":
        raise ConfigError(
            f"{command}: works in one process, and a launcher started {count}; start it without one"
        )


def run_name(preset: str, config: "RunConfig") -> str:
    """Return the name of a run: data, preset, model, encoder, what it changes, seed."""
    from gmf.evaluation.provenance import digest_of_options
    from gmf.experiments.presets import load_run_config
    from gmf.experiments.setting import flat_options

    folder, model = config.data.folder, config.model.name
    several = "+".join(corpus.title for corpus in config.data.folders)
    data = folder.resolve().name if folder else several or "data"
    try:
        usual = load_run_config(preset)
    except ConfigError:  # A file that leaves to the command line what a run cannot do without.
        usual = config
    if usual.model.name != model:
        usual = load_run_config(preset, [f"model={model}"])
    own, others = (flat_options(run.model_dump(mode="json")) for run in (config, usual))
    changes = [
        f"{key.rpartition('.')[2]}-{value}"
        for key, value in own.items()
        if not key.startswith(_IN_NAME) and others.get(key) != value
    ]
    if len(changes) > _MAX_CHANGES:
        changes = [*changes[: _MAX_CHANGES - 1], f"changes-{digest_of_options(own)[:8]}"]
    name = Path(preset).stem if Path(preset).is_file() else preset
    names = [] if name in (data, f"{model}.{data}") else [name]
    encoder = Path(config.encoders.text).name
    parts = [data, *names, model, encoder, *changes, f"seed{config.seed}"]
    return "-".join(re.sub(r"[^\w.+-]+", "_", part).strip("_") for part in parts)
