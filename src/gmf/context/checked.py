"""Describers of others: what they return is told in words where it is not texts."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from PIL import Image

from gmf.context.base import Describer
from gmf.core.part_checks import drawn, list_of
from gmf.reading.context import context_of


class CheckedDescriber:
    """A describer of others whose answers are checked.

    Args:
        describer: The describer.
        named: Names it in errors.

    Raises:
        ConfigError: If its field has no name of one.

    Attributes:
        source: Its source.
        field: Its field.
    """

    def __init__(
        self, describer: Describer, named: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._describer, self._named = describer, named
        self.source, self.field = describer.source, describer.field
        with named():
            context_of({self.field: ""})

    def describe(self, images: Sequence[Image.Image]) -> list[str]:
        """Return a text for each image.

        Raises:
            ConfigError: If that is not what comes.
            ValueError: If a text is none that can be written.
        """
        answer = drawn(self._describer.describe(images))
        with self._named():
            what = "describe: expected a list of texts, one an image"
            texts = list_of(str, answer, what=what, count=len(images))
        for text in texts:
            context_of({self.field: text})
        return texts
