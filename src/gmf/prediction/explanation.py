"""Why a model found what it found: gates, attention on views, the result without them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Self

import numpy as np

from gmf.core.types import Prediction, ScoredEntity, SlotOrigin


@dataclass(frozen=True, slots=True)
class Picture:
    """A view that the model read: an image of the post or one of its regions.

    Args:
        image: Position of the image in the post, from 0; ``None`` for the blank stand-in of a
            post without images.
        region: Position of the region in the image, from 0; ``None`` for the whole image.
        box: The region's ``(x1, y1, x2, y2)`` in pixels of the upright image, when it has one.
        label: What the proposer saw in the region.
        is_blank: Whether it is a blank stand-in.
    """

    image: int | None
    region: int | None = None
    box: tuple[float, float, float, float] | None = None
    label: str = ""
    is_blank: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one entity rests on.

    Args:
        text_attention: Share of the attention of its words that stays on the text, in [0, 1]; mean
            over its words, the heads, and the layers that see views. ``None`` for models that
            do not tell.
        picture_attention: Share that goes to each view; with ``text_attention`` it sums to 1.
        confidence_without_images: Probability of the same span and type without images, in
            [0, 1]; below it in ``Entity.confidence`` is what the images added.
    """

    text_attention: float | None
    picture_attention: tuple[float, ...]
    confidence_without_images: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the model used of one post.

    Args:
        pictures: The views that it read, in the order of all that follows.
        gates: Weight of each visual stage, ``(layers, views, stages)``; sums to 1 over stages.
            ``None`` for models without gates.
        attention: Attention of each word on each view, ``(layers, words, views)``, mean over
            heads; layers that see no views are left out. ``None`` for models without it.
        entities: Evidence of each entity of the document, in order.
        without_images: The entities that the model finds without any image.
    """

    pictures: tuple[Picture, ...]
    gates: np.ndarray | None = field(compare=False)
    attention: np.ndarray | None = field(compare=False)
    entities: tuple[Evidence, ...]
    without_images: tuple[Any, ...]

    @classmethod
    def of(
        cls, prediction: Prediction, *, kept: Sequence[bool], without_images: tuple[Any, ...]
    ) -> Self | None:
        """Return the explanation of a prediction; ``None`` when it has none.

        Args:
            prediction: The prediction.
            kept: For each of its entities, whether the document has it.
            without_images: Its ``without_images`` as mentions.
        """
        explanation = prediction.explanation
        if explanation is None:
            return None
        attention = explanation.slot_attention
        return cls(
            pictures=tuple(_picture(origin, prediction) for origin in explanation.slots),
            gates=explanation.gates,
            attention=attention,
            entities=tuple(
                _evidence(entity, attention) for entity in compress(explanation.same_entities, kept)
            ),
            without_images=without_images,
        )


def _picture(origin: SlotOrigin, prediction: Prediction) -> Picture:
    if origin.image is None or origin.region is None:
        return Picture(origin.image, is_blank=origin.is_blank)
    region = prediction.sample.images[origin.image].regions[origin.region]
    return Picture(origin.image, origin.region, region.box, region.label)


def _evidence(entity: ScoredEntity, attention: np.ndarray | None) -> Evidence:
    if attention is None:
        return Evidence(None, (), entity.confidence)
    mass = attention[:, entity.start : entity.end].mean(axis=(0, 1))
    return Evidence(float(1 - mass.sum()), tuple(float(share) for share in mass), entity.confidence)
