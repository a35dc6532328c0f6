"""Describers of images by name."""

from collections.abc import Callable
from types import FunctionType

from gmf.context.base import Describer, DescriberChoice
from gmf.core.errors import ConfigError
from gmf.core.registry import Registry

#: A class or function that builds a describer from a choice; the first line of its docstring is
#: shown by ``gmf formats list``.
describers: Registry[Callable[[DescriberChoice], Describer]] = Registry(
    "describer",
    group="gmf.describers",
    base=FunctionType,
    built_in={
        "captioner": "gmf.context.captions:build_captioner",
        "rapidocr": "gmf.context.text_in_images:build_rapidocr",
    },
)


def build_describer(choice: DescriberChoice) -> Describer:
    """Return the describer that was asked for.

    Raises:
        ConfigError: If it is unknown, or a place or option is missing or wrong; names a part of
            others that raises anything else or returns no describer.
        EncoderError: If its model cannot be loaded.
    """
    with describers.named_in_errors(choice.name):
        describer = describers.get(choice.name)(choice)
    if not hasattr(describer, "describe"):
        source = describers.origin(choice.name).source
        raise ConfigError(
            f"describer {choice.name!r} of {source}: expected a describer, with describe, source "
            f"and field, got {describer!r}"
        )
    return describer
