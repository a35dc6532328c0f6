"""``gmf options``: every option of a run by its key; and options that several commands share."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from textwrap import wrap
from typing import Annotated

import typer

from gmf.cli.output import tables, write
from gmf.core.config import near_hint, near_names
from gmf.core.errors import ConfigError

BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Posts of one pass.")]


def options_command(
    prefix: Annotated[
        str, typer.Argument(metavar="PREFIX", help="Beginning of keys, e.g. training or model.")
    ] = "",
    model: Annotated[str, typer.Option(help="Model whose options are listed as model.*.")] = "gmf",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the options of a run, KEY=VALUE: type, default and meaning of each."""
    # Here, not above: help needs no torch.
    from gmf.core.option_list import options_of
    from gmf.models.registry import models
    from gmf.training.config import RunConfig

    kinds = [*options_of(RunConfig), *options_of(models.get(model).Options, prefix="model.")]
    options = {option.key: option for option in kinds}
    shown = [option for key, option in options.items() if key.startswith(prefix)]
    if not shown:
        raise ConfigError(f"no option begins with {prefix!r}{_hint(prefix, list(options))}")
    if as_json:
        write(json.dumps([asdict(option) for option in shown], indent=2))
        return
    for option in shown:
        lines = wrap(option.meaning, tables.width - 6)
        write("\n    ".join([f"{option.key}={option.default}  ({option.type})", *lines]))


def _hint(prefix: str, keys: Sequence[str]) -> str:
    """Return which keys a wrong prefix may mean, or how those of its group are listed."""
    head, _, last = prefix.rpartition(".")
    groups = {key.rpartition(".")[0] for key in keys} - {""}
    group = "" if head else near_hint(prefix, sorted(groups))
    if group or (head and head not in groups):
        return group or near_hint(head, sorted(groups))
    ends = [key.rpartition(".")[2] for key in keys if key.startswith(f"{head}." if head else "")]
    near = near_names(last, list(dict.fromkeys(ends)))
    meant = [k for k in keys for name in near if k.endswith(f".{name}") and k.startswith(head)]
    if meant:
        return f"; did you mean {' or '.join(repr(key) for key in meant[:4])}?"
    return f"; `gmf options {head}` lists all of {head}" if head else "; `gmf options` lists all"
