"""One sample on the demo's page: image with boxes, tagged words, gates as a heat map."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import numpy as np
from numpy.typing import NDArray

from gmf.core.tags import entities_of
from gmf.core.types import Entity, ImageInput, Prediction, Sample, ScoredEntity, SlotOrigin
from gmf.evaluation.reports.cards import card, image_with_boxes, tagged_line


def post_card(
    caption: str, prediction: Prediction, *, others: Sequence[tuple[str, Prediction]] = ()
) -> str:
    """Return a post as an HTML ``article``.

    Args:
        caption: What is special about it.
        prediction: What GMF finds; its explanation, where it has one, gives the gates and what GMF
            finds without the image.
        others: What further taggers find, by name.

    Raises:
        UnusableImageError: If its image cannot be read.
    """
    sample, explained = prediction.sample, prediction.explanation
    lines = [_line("GMF", sample, prediction.entities)]
    if explained is not None:
        lines.append(_line("GMF without image", sample, explained.without_images))
    lines += [_line(name, sample, other.entities) for name, other in others]
    origins = () if explained is None else explained.slots
    images = "".join(image_with_boxes(image) for image in _as_read(sample.images, origins))
    return card(caption, images=images, lines=lines, extra=_gates(prediction))


def _as_read(images: Sequence[ImageInput], origins: Sequence[SlotOrigin]) -> Sequence[ImageInput]:
    """Return the images with the regions that the model read, as far as that is known."""
    if not origins:
        return images
    read = {(origin.image, origin.region) for origin in origins}
    return [
        replace(
            image,
            regions=tuple(r for place, r in enumerate(image.regions) if (number, place) in read),
        )
        for number, image in enumerate(images)
    ]


def _line(name: str, sample: Sample, entities: Sequence[ScoredEntity]) -> str:
    """Return what one tagger finds; with gold tags, each entity is marked right or wrong."""
    gold = None if sample.tags is None else entities_of(sample.tags)
    missed = [g for g in gold or [] if not any(_same(g, entity) for entity in entities)]
    names = ", ".join(f"{' '.join(sample.tokens[g.start : g.end])} is {g.type}" for g in missed)
    note = f'<small class="missed">gold: {escape(names)}</small>' if missed else ""

    def detail(entity: ScoredEntity) -> str:
        verdict = ""
        if gold is not None:
            title, mark = ("right", "✓") if any(_same(g, entity) for g in gold) else ("wrong", "✗")
            verdict = f' <span title="{title}">{mark}</span>'
        return f" <small>{entity.confidence:.2f}{verdict}</small>"

    return tagged_line(name, sample.tokens, entities, detail=detail, note=note)


def _same(gold: Entity, entity: ScoredEntity) -> bool:
    return (gold.start, gold.end, gold.type) == (entity.start, entity.end, entity.type)


def _gates(prediction: Prediction) -> str:
    """Return one small heat map an image that the model read: layers down, stages across."""
    explained = prediction.explanation
    if explained is None or explained.gates is None:
        return ""
    gates, origins = explained.gates.astype(np.float64), explained.slots
    maps = "".join(
        _heat_map(_view_name(origins, view), gates[:, view]) for view in range(gates.shape[1])
    )
    return (
        f'<div class="gates">{maps}</div><small>Gates: weight of each visual stage '
        "(across, from fine detail to whole objects) in each text layer (down), for the whole "
        "image and each box.</small>"
    )


def _view_name(origins: Sequence[SlotOrigin], view: int) -> str:
    if view >= len(origins):
        return f"image {view + 1}"
    region = origins[view].region
    return "whole" if region is None else f"box {region + 1}"


def _heat_map(name: str, gates: NDArray[np.float64]) -> str:
    head = "".join(f'<th scope="col">{stage + 1}</th>' for stage in range(gates.shape[1]))
    rows = "".join(
        f'<tr><th scope="row">{layer + 1}</th>'
        + "".join(f'<td style="--gate:{100 * value:.0f}%">{value:.2f}</td>' for value in row)
        + "</tr>"
        for layer, row in enumerate(gates)
    )
    return (
        f'<table class="heat"><caption>{escape(name)}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )
