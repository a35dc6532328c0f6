"""How far images may move the tags: emissions between those without and those with images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Generic, cast

from gmf.core.errors import ConfigError
from gmf.core.types import Explanation, ScoredEntity
from gmf.data.batch import Array, Batch
from gmf.inference.decoding import Decoded
from gmf.inference.model import InferenceModel


@dataclass(frozen=True)
class ImageTrust(Generic[Array]):
    """A model whose images count in part; see ``InferenceModel``.

    The emissions of a post are ``without + trust * (real - without)``, where ``without`` is what
    the model computes of it as if it had no image. Ours, decision 0012.

    Args:
        model: The model.
        trust: In [0, 1]: at 0 images change nothing, at 1 they count as the model was trained.
        without_images: Returns a batch as the model reads posts that have no image.
    """

    model: InferenceModel[Array]
    trust: float
    without_images: Callable[[Batch[Array]], Batch[Array]]

    def __call__(self, batch: Batch[Array]) -> Any:
        """Return what ``decode`` and ``confidences`` read."""
        real = self.model(batch)
        if not batch.has_views:
            return real
        return self.model.between(self.model(self.without_images(batch)), real, trust=self.trust)

    def between(self, without: Any, real: Any, *, trust: float) -> Any:
        """Return an output between one without and one with images."""
        return self.model.between(without, real, trust=trust)

    def decode(self, output: Any, batch: Batch[Array]) -> list[Decoded]:
        """Return tags and entities of every sample."""
        return self.model.decode(output, batch)

    def confidences(
        self, output: Any, batch: Batch[Array], entities: Sequence[Sequence[ScoredEntity]]
    ) -> list[tuple[ScoredEntity, ...]]:
        """Return the probability of given entities of every sample."""
        return self.model.confidences(output, batch, entities)

    def explain(self, batch: Batch[Array]) -> list[Explanation]:
        """Return what the model can show of each sample, at full trust."""
        return self.model.explain(batch)


def check_image_trust(trust: float, *, model: str, reads_images: bool) -> float:
    """Return how far images may move the tags.

    Args:
        trust: See ``ImageTrust``.
        model: Name of the model.
        reads_images: Whether it uses images at all.

    Raises:
        ConfigError: If it is none, or the model reads text only.
    """
    if isinstance(trust, bool) or not isinstance(cast(Any, trust), Real) or not 0 <= trust <= 1:
        raise ConfigError(
            f"image_trust {trust!r}: expected a number from 0 (images change nothing) to 1 (as "
            "trained)"
        )
    if trust != 1 and not reads_images:
        raise ConfigError(f"image_trust {trust}: model {model} reads text only; leave it out")
    return float(trust)
