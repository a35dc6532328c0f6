"""Describers of images by name."""

from collections.abc import Callable
from functools import partial
from types import FunctionType

from gmf.context.base import Describer, DescriberChoice
from gmf.context.checked import CheckedDescriber
from gmf.core.registry import Registry
from gmf.regions.checked import built

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
    describer = built(describers, choice, Describer)
    if describers.origin(choice.name).source == "gmf":
        return describer
    return CheckedDescriber(describer, partial(describers.named_in_errors, choice.name))
