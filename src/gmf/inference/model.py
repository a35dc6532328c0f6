"""What inference asks of a model, whatever computes it."""

from collections.abc import Sequence
from typing import Any, Protocol

from gmf.core.types import Explanation, ScoredEntity
from gmf.data.batch import Array, Batch
from gmf.inference.decoding import Decoded


class InferenceModel(Protocol[Array]):
    """What the loop asks of a model; see ``gmf.models.base.MnerModel``."""

    def __call__(self, batch: Batch[Array]) -> Any:
        """Return what ``decode`` and ``confidences`` read."""
        ...

    def between(self, without: Any, real: Any, *, trust: float) -> Any:
        """Return an output between one without and one with images; see ``ImageTrust``."""
        ...

    def decode(self, output: Any, batch: Batch[Array]) -> list[Decoded]:
        """Return tags and entities of every sample."""
        ...

    def confidences(
        self, output: Any, batch: Batch[Array], entities: Sequence[Sequence[ScoredEntity]]
    ) -> list[tuple[ScoredEntity, ...]]:
        """Return the probability of given entities of every sample."""
        ...

    def explain(self, batch: Batch[Array]) -> list[Explanation]:
        """Return what the model can show of each sample."""
        ...
