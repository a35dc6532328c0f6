"""The values that travel between packages: samples, images, regions, entities, predictions."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class Entity:
    """A typed span of words.

    Args:
        start: First word, from 0.
        end: One past the last word (half-open), above ``start``.
        type: Entity type without BIO prefix, for example ``PER``.
    """

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class Region:
    """A part of an image that shows an object: a box in the image, or a ready crop in its own file.

    Args:
        box: ``(x1, y1, x2, y2)`` in pixels of the upright image; ``None`` for a crop.
        crop: File of a ready crop; ``None`` for a box.
        label: What the proposer saw, or the phrase that it grounded; may be empty.
        score: Confidence of the proposer, in [0, 1].
    """

    box: tuple[float, float, float, float] | None = None
    crop: Path | None = None
    label: str = ""
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class ImageInput:
    """One image of a post, with the regions found in it.

    Args:
        source: File path or encoded bytes (JPEG, PNG, ...). Opened by content, never by name.
        regions: Object regions, best first.
    """

    source: Path | bytes
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One post: its words, its images and, when labelled, its tags.

    Args:
        id: Identifier as a string (``33`` and ``17_06_12483`` are both real ones).
        tokens: Words, exactly as in the file.
        tags: One BIO2 tag a word as read (broken BIO2 is kept); ``None`` when unlabelled.
        images: Zero, one or several images; a listed file may be absent or broken.
        text: The raw text when the source has one.
        offsets: ``(char_start, char_end)`` of each word in ``text``.
        origin: ``file:line`` for messages.
        context: What others say of the post or of its images, by field: a caption, the text in an
            image, knowledge. Read beside the words, never tagged.
        corpus: Name of its corpus, where several are read together.
        annotated: Types that its corpus annotates: an ``O`` may be an entity of any other.
            ``None``: all types.
        unknown: Words, by index, of whose tag nothing is known; ``O`` in ``tags``.
    """

    id: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None = None
    images: tuple[ImageInput, ...] = ()
    text: str | None = None
    offsets: tuple[tuple[int, int], ...] | None = None
    origin: str = ""
    context: tuple[tuple[str, str], ...] = ()
    corpus: str = ""
    annotated: tuple[str, ...] | None = None
    unknown: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoredEntity:
    """A predicted entity.

    Args:
        start: First word, from 0.
        end: One past the last word.
        type: Entity type.
        confidence: Probability of exactly this span and type under the model, in [0, 1].
    """

    start: int
    end: int
    type: str
    confidence: float


@dataclass(frozen=True, slots=True)
class SlotOrigin:
    """What a sample listed for one of its slots.

    Args:
        image: Position of the image in the sample, from 0; ``None`` for the blank stand-in that a
            sample without images got.
        region: Position of the region in the image, from 0; ``None`` for the whole image.
        fault: Why it could not be used; empty when it could.
        is_blank: Whether a blank stand-in took its place.
        substitution: What stands in for a part of it; empty when all of it was read.
    """

    image: int | None
    region: int | None = None
    fault: str = ""
    is_blank: bool = False
    substitution: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model used of one sample. The model fills in what it can show, inference the rest.

    Args:
        gates: Weight of each visual stage; ``None`` for models without gates.
        slot_attention: Attention that each word pays to each slot, mean over heads; ``None`` for
            models without it.
        slots: Origins of the slots, in the order of both.
        without_images: The entities found in a pass without images.
        same_entities: The entities of the prediction, with the confidence that they have in it.
        without_context: The entities found in a pass without context.
        same_without_context: The entities of the prediction by field of the context, with the
            confidence that they have in a pass without this field.
    """

    gates: Float[np.ndarray, "layers slots stages"] | None = field(default=None, compare=False)
    slot_attention: Float[np.ndarray, "layers words slots"] | None = field(
        default=None, compare=False
    )
    slots: tuple[SlotOrigin, ...] = ()
    without_images: tuple[ScoredEntity, ...] = ()
    same_entities: tuple[ScoredEntity, ...] = ()
    without_context: tuple[ScoredEntity, ...] = ()
    same_without_context: tuple[tuple[str, tuple[ScoredEntity, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one sample.

    Args:
        sample: The input.
        tags: One legal BIO2 tag a word.
        entities: The entities of ``tags`` in order, with confidences.
        notes: What was substituted or skipped for this sample (missing image, cut words).
        explanation: What the model used; on request, and only when it read an image or context.
        saw_image: Whether the model read at least one real image of it.
        windows: In how many overlapping windows a long sample was read.
    """

    sample: Sample
    tags: tuple[str, ...]
    entities: tuple[ScoredEntity, ...]
    notes: tuple[str, ...] = ()
    explanation: Explanation | None = None
    saw_image: bool = False
    windows: int = 1
