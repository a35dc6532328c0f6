"""Why a model found what it found: gates, attention, the result without images and context."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from gmf.core import types
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
        text_attention: Share of the attention of its words that stays on the text, its context and
            special tokens among it, in [0, 1]; mean over its words, the heads, and the layers that
            see views. ``None`` for models that do not tell.
        picture_attention: Share that goes to each view; with ``text_attention`` it sums to 1.
        confidence_without_images: Probability of the same span and type without images, in
            [0, 1]; what ``Entity.confidence`` has above it is what the images added.
        confidence_without_context: The same without one field of the context, by each field of the
            post that the model reads.
    """

    text_attention: float | None
    picture_attention: tuple[float, ...]
    confidence_without_images: float
    confidence_without_context: dict[str, float] = field(
        default_factory=dict[str, float], hash=False
    )


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
        without_context: The entities that it finds without any context.
    """

    pictures: tuple[Picture, ...]
    gates: np.ndarray | None = field(compare=False)
    attention: np.ndarray | None = field(compare=False)
    entities: tuple[Evidence, ...]
    without_images: tuple[Any, ...]
    without_context: tuple[Any, ...] = ()

    @classmethod
    def of(
        cls,
        prediction: Prediction,
        *,
        kept: Sequence[bool],
        mentions: Callable[[Sequence[ScoredEntity]], tuple[Any, ...]],
    ) -> Self | None:
        """Return the explanation of a prediction; ``None`` when it has none.

        Args:
            prediction: The prediction.
            kept: For each of its entities, whether the document has it.
            mentions: Returns entities as the document has them, less those that it drops.
        """
        explanation = prediction.explanation
        if explanation is None:
            return None
        return cls(
            pictures=tuple(_picture(origin, prediction) for origin in explanation.slots),
            gates=explanation.gates,
            attention=explanation.slot_attention,
            entities=tuple(
                _evidence(explanation, number) for number, is_kept in enumerate(kept) if is_kept
            ),
            without_images=mentions(explanation.without_images),
            without_context=mentions(explanation.without_context),
        )


def _picture(origin: SlotOrigin, prediction: Prediction) -> Picture:
    if origin.image is None or origin.region is None:
        return Picture(origin.image, is_blank=origin.is_blank)
    region = prediction.sample.images[origin.image].regions[origin.region]
    return Picture(origin.image, origin.region, region.box, region.label)


def _evidence(explanation: types.Explanation, number: int) -> Evidence:
    """Return what an entity of the prediction rests on."""
    entity, attention = explanation.same_entities[number], explanation.slot_attention
    text: float | None = None
    pictures: tuple[float, ...] = ()
    if attention is not None:
        mass = attention[:, entity.start : entity.end].mean(axis=(0, 1))
        text, pictures = float(1 - mass.sum()), tuple(float(share) for share in mass)
    without = {name: same[number].confidence for name, same in explanation.same_without_context}
    return Evidence(text, pictures, entity.confidence, without)
