"""The text that stands in images, by RapidOCR."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

import numpy as np
from PIL import Image
from pydantic import Field

from gmf.context.base import DescriberChoice
from gmf.core.config import Config
from gmf.core.errors import ConfigError
from gmf.regions.base import source_name


class OcrConfig(Config):
    """Options of text recognition.

    Args:
        field: Field of the context that the text is of.
        min_score: Lowest confidence of a line.
        max_words: Words after which the text of an image is cut.
    """

    field: str = "ocr"
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.5
    max_words: Annotated[int, Field(ge=1)] = 60


class RapidOcr:
    """Reads the lines of text in images, from top to bottom; its models come with its package.

    Args:
        config: Options.

    Raises:
        ConfigError: If the package is not installed.
    """

    def __init__(self, config: OcrConfig) -> None:
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise ConfigError(
                "describer rapidocr: its package is not here; pip install 'gmf[ocr]'"
            ) from error
        self.field, self._config = config.field, config
        # The engine drops lines by a score of its own before we see them.
        options = {"Global.log_level": "critical", "Global.text_score": config.min_score}
        self._engine: Any = RapidOCR(params=options)
        self.source = source_name("rapidocr", version("rapidocr"), config.model_dump())

    def describe(self, images: Sequence[Image.Image]) -> list[str]:
        """Return the text in each image, its lines one after the other."""
        return [self._read(image) for image in images]

    def _read(self, image: Image.Image) -> str:
        # The engine takes arrays as OpenCV has them: blue, green, red.
        found = self._engine(np.asarray(image)[..., ::-1])
        lines = zip(found.txts or (), found.scores or (), strict=True)
        words = " ".join(text for text, score in lines if score >= self._config.min_score).split()
        return " ".join(words[: self._config.max_words])


def build_rapidocr(choice: DescriberChoice) -> RapidOcr:
    """Text that stands in images, by RapidOCR (`pip install 'gmf[ocr]'`)."""
    if choice.places:
        raise ConfigError("describer rapidocr: takes no --from, its models come with its package")
    return RapidOcr(choice.parse(OcrConfig))
