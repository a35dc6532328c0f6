"""``gmf train``: one run from a preset or a file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gmf.cli.output import Device, progress_bar, report_images, say, write
from gmf.core.device import torch_device

if TYPE_CHECKING:
    from gmf.training.config import RunConfig


def train(
    preset: Annotated[str, typer.Argument(help="A preset or a YAML file.", metavar="PRESET|FILE")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="Options, e.g. data.folder=DIR training.epochs=5.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Run folder; named by default.")] = None,
    accept_changes: Annotated[
        bool, typer.Option(help="Go on with a killed run though data, images or code changed.")
    ] = False,
    device: Device = "auto",
) -> None:
    """Train a model; the same command goes on with a run that was killed."""
    if device != "auto":
        os.environ["ACCELERATE_TORCH_DEVICE"] = str(torch_device(device))
    # Here, not above: help needs no torch.
    from gmf.experiments.presets import load_run_config
    from gmf.experiments.setting import describe_setting
    from gmf.training.run import train as train_run
    from gmf.training.tensorboard import tensorboard_writer

    config = load_run_config(preset, overrides or [])
    for line in describe_setting(preset, config):
        say(line)
    folder = run or Path("runs") / _run_name(preset, config)
    if _is_helping():
        train_run(config, folder, accept_changes=accept_changes)
        return
    say(f"run folder: {folder}")
    with progress_bar() as bar, tensorboard_writer(folder / "tensorboard") as scalars:
        task = bar.add_task("starting", total=None)
        notes: list[str] = []

        def on_step(epoch: int, number: int, total: int, loss: float) -> None:
            bar.update(
                task,
                description=f"epoch {epoch}/{config.training.epochs} loss {loss:.2f}",
                completed=number,
                total=total,
            )
            scalars.step((epoch - 1) * total + number, loss)

        def on_epoch(row: dict[str, Any]) -> None:
            f1 = row["dev"]["lenient"]["micro"]["f1"]
            say(f"epoch {row['epoch']}: dev F1 {100 * f1:.2f} (lenient), {row['train_seconds']} s")
            scalars.epoch(row)

        def on_note(note: str) -> None:
            notes.append(note)
            say(note)

        state, images = train_run(
            config,
            folder,
            on_step=on_step,
            on_epoch=on_epoch,
            on_note=on_note,
            accept_changes=accept_changes,
        )
    report_images(images)
    was_told = any(note.startswith("warning: ") for note in notes)
    if not was_told and (warning := images.training_warning()):
        say(f"warning: {warning}")
    write(
        f"{folder}: best dev F1 {100 * state.best_f1:.2f} (lenient micro) in epoch "
        f"{state.best_epoch} of {state.epochs_done}"
    )


def _is_helping() -> bool:
    """Return whether another process of the same training tells how it goes."""
    return os.environ.get("RANK", "0") != "0"


def _run_name(preset: str, config: "RunConfig") -> str:
    model = config.model.name
    encoder = Path(config.encoders.text).name
    name = Path(preset).stem if Path(preset).is_file() else preset
    return f"{name}-{model}-{encoder}-seed{config.seed}"
