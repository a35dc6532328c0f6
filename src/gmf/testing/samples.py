"""Synthetic samples: 20 posts whose images show the type of their entity."""

from pathlib import Path

from PIL import Image, ImageDraw

from gmf.core.types import ImageInput, Region, Sample

_NAMES = {
    "PER": (("Rocky",), ("Ann", "Lee")),
    "LOC": (("Oslo",), ("New", "York")),
    "ORG": (("Acme",), ("Red", "Cross")),
    "MISC": (("Oscar",), ("World", "Cup")),
}
_COLOURS = {"PER": "red", "LOC": "green", "ORG": "blue", "MISC": "orange"}


def synthetic_samples(folder: Path, *, count: int = 20) -> list[Sample]:
    """Return labelled samples whose entity types show in the colour of a drawn box.

    Args:
        folder: Existing folder; gets one PNG of 48 x 40 pixels a sample.
        count: Samples; the types come in turn.
    """
    samples: list[Sample] = []
    for number in range(count):
        entity_type = list(_NAMES)[number % 4]
        name = _NAMES[entity_type][number // 4 % 2]
        tokens = ("RT", *name, "is", "ready", "for", "snow", "season", "!")[number % 2 :]
        start = tokens.index(name[0])
        tags = ["O"] * len(tokens)
        tags[start] = f"B-{entity_type}"
        tags[start + 1 : start + len(name)] = [f"I-{entity_type}"] * (len(name) - 1)
        path = folder / f"{number}.png"
        left, top = 4.0 + number % 5, 6.0 + number % 7
        box = (left, top, left + 24, top + 20)
        image = Image.new("RGB", (48, 40), (200, 200 + number, 210))
        ImageDraw.Draw(image).rectangle(
            (box[0], box[1], box[2] - 1, box[3] - 1), _COLOURS[entity_type]
        )
        image.save(path)
        region = Region(box, label=entity_type.lower(), score=0.9)
        samples.append(
            Sample(
                id=str(number),
                tokens=tokens,
                tags=tuple(tags),
                images=(ImageInput(path, (region,)),),
                origin=f"synthetic:{number + 1}",
            )
        )
    return samples


def mixed_samples(folder: Path) -> list[Sample]:
    """Return samples with an image, a region, several images, and none; no two of one length.

    Args:
        folder: Existing folder for their images.
    """
    samples = synthetic_samples(folder, count=12)
    several = Sample("13", ("Ann", "Lee"), images=(samples[0].images[0], samples[1].images[0]))
    bare = Sample("14", ("Oslo", "is", "in", "the", "new", "World", "Cup", "?", "!", "a", "b"))
    return [*samples, several, bare]
