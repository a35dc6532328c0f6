"""What images and context contribute: the same samples with others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from gmf.core.errors import ConfigError
from gmf.core.types import ImageInput, Region, Sample
from gmf.data.images import UnusableImageError, open_image, read_source
from gmf.data.views import blank_image

#: What stands in for the images. ``none``: samples lose them. ``blank``: a white image. ``noise``:
#: seeded random pixels. ``shuffled``: another sample's images. Absent and broken ones stay.
#: ``no-context``: samples lose their context; ``shuffled-context``: they get another sample's.
Control = Literal["real", "none", "blank", "shuffled", "noise", "no-context", "shuffled-context"]
IMAGE_CONTROLS: tuple[Control, ...] = ("real", "none", "blank", "shuffled", "noise")
CONTROLS: tuple[Control, ...] = (*IMAGE_CONTROLS, "no-context", "shuffled-context")
#: Side of blank and noise images, in pixels; the blank one is that of missing images.
SIDE = 224
#: Distinct noise images; samples share them, so that memory does not grow with the samples.
NUM_NOISE = 32


def parse_controls(given: str) -> list[Control]:
    """Return the controls of an option ``--images``: names with commas, or ``all``.

    Raises:
        ConfigError: If one is unknown.
    """
    names = list(IMAGE_CONTROLS) if given == "all" else given.split(",")
    if set(names) - set(CONTROLS):
        raise ConfigError(f"--images {given!r}: expected all, or some of {', '.join(CONTROLS)}")
    return [control for control in CONTROLS if control in names]


@dataclass(frozen=True, slots=True)
class ControlledSamples:
    """Samples under a control.

    Args:
        samples: In the given order.
        replaced: Images that were taken away or replaced, or samples whose context was.
        unusable: Images that are absent or broken, and were left as they are.
        own: Samples that kept an image, or a text of the context, of their own under ``shuffled``
            or ``shuffled-context``, since none other was left.
    """

    samples: list[Sample]
    replaced: int
    unusable: int
    own: int = 0


@dataclass(frozen=True, slots=True)
class _ImageFacts:
    digest: str
    width: int
    height: int


def apply_control(
    samples: Sequence[Sample], *, control: Control, seed: int = 0, context: Sequence[str] = ()
) -> ControlledSamples:
    """Return samples with their images or context as a control wants them; words and tags stay.

    Blank and noise images keep the regions' boxes, so that the number of views a sample stays
    the same. Under ``shuffled`` every sample with a usable image gets the images of another such
    sample, with their regions, never an image of its own when that can be avoided.

    Args:
        samples: The samples.
        control: What stands in for the images.
        seed: Of the exchange and of the noise.
        context: Fields of the context that are read. Under ``shuffled-context`` samples that have a
            field get its text from another one that has it, and of another text if there is one.

    Raises:
        ConfigError: If the control is of the context and none is read.
    """
    if control == "real":
        return ControlledSamples(list(samples), 0, 0)
    if control in ("no-context", "shuffled-context"):
        if not context:
            raise ConfigError(f"--images {control}: the model reads no context")
        rng = np.random.default_rng(seed) if control == "shuffled-context" else None
        return _with_other_context(samples, context, rng)
    if control == "none":
        bare = [replace(sample, images=()) for sample in samples]
        return ControlledSamples(bare, sum(len(sample.images) for sample in samples), 0)
    facts: dict[Path | bytes, _ImageFacts | None] = {}
    for sample in samples:
        for image in sample.images:
            if image.source not in facts:
                facts[image.source] = _look_at(image.source)
    listed = [image for sample in samples for image in sample.images]
    unusable = sum(facts[image.source] is None for image in listed)
    rng = np.random.default_rng(seed)
    if control == "shuffled":
        return _shuffle(samples, facts, rng, unusable)
    stand_ins = [blank_image()]
    if control == "noise":
        shape = (SIDE, SIDE, 3)
        stand_ins = [_encode(rng.integers(0, 256, shape, dtype=np.uint8)) for _ in range(NUM_NOISE)]
    changed = [
        replace(
            sample,
            images=tuple(
                image
                if (original := facts[image.source]) is None
                else ImageInput(
                    stand_ins[int(rng.integers(len(stand_ins)))],
                    tuple(_scaled(region, original) for region in image.regions),
                )
                for image in sample.images
            ),
        )
        for sample in samples
    ]
    return ControlledSamples(changed, len(listed) - unusable, unusable)


def _with_other_context(
    samples: Sequence[Sample], fields: Sequence[str], rng: np.random.Generator | None
) -> ControlledSamples:
    """Take these fields of the samples' context away; with a generator, exchange their texts."""
    texts = [dict(sample.context) for sample in samples]
    changed = [{k: v for k, v in own.items() if k not in fields} for own in texts]
    touched, kept = set[int](), set[int]()
    for name in fields:
        owned = [{own[name]} if name in own else set[str]() for own in texts]
        touched |= {index for index, own in enumerate(owned) if own}
        if rng is None:
            continue
        order = [int(i) for i in rng.permutation(len(samples)) if owned[i]]
        givers = order[1:] + order[:1]
        _part(order, givers, owned, rng)
        for index, giver in zip(order, givers, strict=True):
            changed[index][name] = texts[giver][name]
        kept |= {a for a, b in zip(order, givers, strict=True) if owned[a] == owned[b]}
    shown = [replace(s, context=tuple(c.items())) for s, c in zip(samples, changed, strict=True)]
    return ControlledSamples(shown, len(touched), 0, len(kept))


def _look_at(source: Path | bytes) -> _ImageFacts | None:
    """Return an image's digest and size, or ``None`` when it cannot be used."""
    try:
        width, height = open_image(source).size
        return _ImageFacts(sha256(read_source(source)).hexdigest(), width, height)
    except UnusableImageError:
        return None


def _shuffle(
    samples: Sequence[Sample],
    facts: Mapping[Path | bytes, _ImageFacts | None],
    rng: np.random.Generator,
    unusable: int,
) -> ControlledSamples:
    """Give each sample the images of the next in a random circle; separate those that share."""
    owned = [
        {original.digest for image in sample.images if (original := facts[image.source])}
        for sample in samples
    ]
    order = [int(i) for i in rng.permutation(len(samples)) if owned[i]]
    givers = order[1:] + order[:1]
    _part(order, givers, owned, rng)
    changed = list(samples)
    for index, giver in zip(order, givers, strict=True):
        changed[index] = replace(samples[index], images=samples[giver].images)
    replaced = sum(len(samples[index].images) for index in order)
    own = sum(not owned[a].isdisjoint(owned[b]) for a, b in zip(order, givers, strict=True))
    return ControlledSamples(changed, replaced, unusable, own)


def _part(
    order: Sequence[int], givers: list[int], owned: Sequence[set[str]], rng: np.random.Generator
) -> None:
    """Swap givers, in place, so that samples which share any image do not serve each other.

    With one image a sample this always succeeds unless one image is in more than half of them.
    """
    for position, index in enumerate(order):
        if owned[index].isdisjoint(owned[givers[position]]):
            continue
        for other in rng.permutation(len(order)):
            if owned[index].isdisjoint(owned[givers[other]]) and owned[order[other]].isdisjoint(
                owned[givers[position]]
            ):
                givers[position], givers[other] = givers[other], givers[position]
                break


def _scaled(region: Region, original: _ImageFacts) -> Region:
    """Return a region at its position in an image of ``SIDE``; a ready crop becomes all of it."""
    if region.box is None:
        return replace(region, box=(0.0, 0.0, float(SIDE), float(SIDE)), crop=None)
    x, y = SIDE / original.width, SIDE / original.height
    left, top, right, bottom = region.box
    return replace(region, box=(left * x, top * y, right * x, bottom * y))


def _encode(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
