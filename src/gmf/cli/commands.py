"""The commands by name; what a command needs is imported when it is called, and not before."""

import ast
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from gmf.cli.help import name_parameters, runnable
from gmf.core.registry import Registry, load_code, load_inherited_code

#: A function or a Typer app enters by ``@commands.register(NAME)`` or by an entry point of the
#: group ``gmf.commands``.
commands: Registry[Callable[..., None] | typer.Typer] = Registry(
    "command",
    group="gmf.commands",
    base=FunctionType,
    built_in={
        "predict": "gmf.cli.predict:predict",
        "train": "gmf.cli.train:train",
        "evaluate": "gmf.cli.evaluate:evaluate",
        "score": "gmf.cli.score:score_command",
        "compare": "gmf.cli.score:compare_command",
        "data": "gmf.cli.data:data_app",
        "regions": "gmf.cli.regions:regions_app",
        "context": "gmf.cli.context:context",
        "serve": "gmf.cli.serve:serve",
        "export": "gmf.cli.export:export",
        "package": "gmf.cli.package:package",
        "hub": "gmf.cli.hub:hub_app",
        "curve": "gmf.cli.series:curve",
        "search": "gmf.cli.search:search",
        "suite": "gmf.cli.suite:suite_app",
        "models": "gmf.cli.models:models_app",
        "options": "gmf.cli.options:options_command",
        "formats": "gmf.cli.formats:formats_app",
        "encoders": "gmf.cli.encoders:encoders_app",
        "cache": "gmf.cli.cache:cache_app",
    },
)


#: Where help lists a command; those of others stand under "Commands".
_PANELS = {
    "Use a model": ("predict", "serve", "export", "package", "hub"),
    "Train and compare": ("train", "evaluate", "score", "compare", "curve", "search", "suite"),
    "Data": ("data", "regions", "context"),
    "Look up, install, try": ("models", "options", "formats", "encoders", "cache", "demo"),
}


def load_files(paths: list[Path] | None) -> list[Path]:
    """Run the files of ``--code``; see ``load_code``."""
    for path in paths or ():
        load_code(path)
    return paths or []


CodeFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--code",
        help="Python file that registers parts of yours: models, readers, formats, commands. "
        "Repeatable.",
        callback=load_files,
        is_eager=True,
        metavar="FILE",
    ),
]


class CommandTable(TyperGroup):
    """Lists all commands by name, and imports the one that is called."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Load the user's files, which may register the command itself, and parse arguments."""
        load_inherited_code()
        for path in _code_files(args):
            load_code(Path(path))
        return super().parse_args(ctx, args)

    def get_help_option(self, ctx: Any) -> Any:
        """Return ``--help``; it takes no value, so none is shown."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.metavar = ""
        return option

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names; commands that are not imported are shown by their summary."""
        panels = {name: panel for panel, names in _PANELS.items() for name in names}
        for name in commands:
            if name not in self.commands:
                panel = panels.get(name)
                self.add_command(TyperCommand(name, help=summary_of(name), rich_help_panel=panel))
        return super().list_commands(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the command itself and its arguments."""
        if args[0] in commands:
            return args[0], load_command(args[0]), args[1:]
        self.list_commands(ctx)  # An unknown name is answered with the nearest.
        return super().resolve_command(ctx, args)


def summary_of(name: str) -> str:
    """Return the first paragraph of a command's docstring or help, without importing it."""
    location = commands.location(name)
    if location is None:
        part = commands.get(name)
        text = part.info.help if isinstance(part, typer.Typer) else part.__doc__
    else:
        try:
            text = _help_in_source(*location.split(":"))
        except Exception:  # Of others' packages; what is wrong is told when it is called.
            text = None
    return " ".join(str(text or "").strip().split("\n\n")[0].split())


def load_command(name: str) -> Any:
    """Import a command; the libraries' own progress bars and reports stay silent."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    part = commands.get(name)
    app = typer.Typer()
    if isinstance(part, typer.Typer):
        app.add_typer(part, name=name)
    else:
        app.command(name)(part)
    with commands.named_in_errors(name):
        command = get_group(app).commands[name]
    for each in runnable(command):
        each.params.append(_code_option())
    name_parameters(command)
    if commands.origin(name).source != "gmf":
        setattr(command, "invoke", partial(_invoke, name, command.invoke))  # noqa: B010
    return command


def _invoke(name: str, invoke: Callable[[Any], Any], context: Any) -> Any:
    """Run a command of others; what it raises names it, how it wants to end is let through."""
    with commands.named_in_errors(name):
        try:
            return invoke(context)
        except Exception as error:
            if not isinstance(error, typer.Abort) and not hasattr(error, "exit_code"):
                raise
            ending = error
    raise ending


def _code_option() -> Any:
    """Return ``--code`` as an option that loads files and is no argument of the function."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def holder(code: CodeFiles = None) -> None: ...  # pyright: ignore[reportUnusedFunction]

    option = get_command(app).params[0]
    option.expose_value = False
    return option


def _code_files(args: Sequence[str]) -> Iterator[str]:
    """Yield the files that ``--code`` names anywhere before ``--``."""
    before = list(args)[: list(args).index("--")] if "--" in args else list(args)
    for position, argument in enumerate(before):
        if argument.startswith("--code="):
            yield argument.removeprefix("--code=")
        elif argument == "--code" and position + 1 < len(before):
            yield before[position + 1]


def _help_in_source(module: str, attribute: str) -> str | None:
    """Return a function's docstring, or the ``help`` of a Typer app, as the source has it."""
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    if spec is None or spec.origin is None:
        return None
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == attribute:
            return ast.get_docstring(node)
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        if any(isinstance(target, ast.Name) and target.id == attribute for target in node.targets):
            given = {keyword.arg: keyword.value for keyword in node.value.keywords}
            text = given.get("help")
            return str(text.value) if isinstance(text, ast.Constant) else None
    return None
