"""How help names parameters: for people who type them, not by Python's types."""

from collections.abc import Iterator
from typing import Any

from typer.core import TyperOption

#: Labels of values by what Typer calls their types.
_LABELS = {
    "str": "TEXT",
    "path": "PATH",
    "file": "FILE",
    "directory": "DIR",
    "int": "N",
    "int range": "N",
    "float": "NUMBER",
    "float range": "NUMBER",
}


def runnable(command: Any) -> Iterator[Any]:
    """Yield the commands in a group that do something themselves."""
    inner = getattr(command, "commands", {})
    if not inner or command.invoke_without_command:
        yield command
    for each in inner.values():
        yield from runnable(each)


def name_parameters(command: Any) -> None:
    """Give arguments and values of a command, and of those in it, the names that help shows.

    Arguments are in capitals, as texts of help speak of them; a flag takes no value, so none is
    shown behind it.
    """
    for inner in getattr(command, "commands", {}).values():
        name_parameters(inner)
    if not hasattr(TyperOption, "display_type"):
        return  # An earlier Typer, which names them so by itself.
    context = command.make_context(command.name, [], resilient_parsing=True)
    for parameter in command.get_params(context):
        if parameter.param_type_name == "argument":
            parameter.metavar = parameter.metavar or parameter.name.upper()
            parameter.display_type_rich = lambda **_: None
        elif parameter.metavar is not None:
            continue
        elif parameter.is_flag or parameter.name == "help":
            parameter.metavar = ""
        else:
            parameter.metavar = _label_of(parameter.display_type(context))


def _label_of(shown: str | None) -> str | None:
    name = (shown or "").removeprefix("<").removesuffix(">")
    inner = name.removeprefix("list[").removesuffix("]").lower()
    return _LABELS.get(inner, name or None)
