"""Scenes: a main figure with small things around it on a background, and where they are."""

from dataclasses import dataclass
from random import Random

from PIL import Image

from gmf_demo.drawing.animals import ANIMALS
from gmf_demo.drawing.canvas import Canvas
from gmf_demo.drawing.organisations import ORGANISATIONS
from gmf_demo.drawing.palettes import BACKDROPS, Palette
from gmf_demo.drawing.people import PEOPLE
from gmf_demo.drawing.places import PLACES
from gmf_demo.drawing.shapes import (
    Figure,
    Shape,
    box,
    ellipse,
    mirrored,
    moved,
    polygon,
    turned,
)
from gmf_demo.drawing.styles import Style
from gmf_demo.drawing.unrelated import SMALL_THINGS, UNRELATED
from gmf_demo.drawing.works import WORKS
from gmf_demo.pair_kinds import Content

Box = tuple[float, float, float, float]

FIGURES: dict[Content, tuple[Figure, ...]] = {
    "person": PEOPLE,
    "place": PLACES,
    "organisation": ORGANISATIONS,
    "animal": ANIMALS,
    "work": WORKS,
    "unrelated": UNRELATED,
}
#: Sides that an image may have, in pixels.
SIDES_PX = (224, 256, 288, 320)


@dataclass(frozen=True)
class Drawing:
    """A drawn image.

    Args:
        image: The pixels.
        boxes: Main figure first, then the small things; pixels, inside the image.
        figure: Name of the main figure.
    """

    image: Image.Image
    boxes: tuple[Box, ...]
    figure: str


def draw_image(content: Content, *, style: Style, rng: Random) -> Drawing:
    """Draw an image of a kind of thing in a style.

    Size, layout, number of boxes and background are drawn before and without regard to the
    content, so that none of them tells it.
    """
    width, height = rng.choice(SIDES_PX), rng.choice(SIDES_PX)
    main = _main_box(rng, width, height)
    others = [_small_box(rng, width, height, main) for _ in range(rng.choice((0, 0, 0, 1, 1, 2)))]
    palette = Palette(rng, tone=rng.choice(style.tones))
    canvas = Canvas((width, height), style=style, palette=palette, rng=rng)
    if style.ground == "any":
        for shape in background(rng):
            canvas.paint(moved([shape], left=0, top=0, width=width, height=height)[0])
    in_front = rng.random() < 0.25
    figure = rng.choice(FIGURES[content])
    things = [(_posed(figure, rng), main)]
    small = [(rng.choice(SMALL_THINGS)(rng), place) for place in others]
    for shapes, (left, top, right, bottom) in [*things, *small] if in_front else [*small, *things]:
        for shape in moved(shapes, left=left, top=top, width=right - left, height=bottom - top):
            canvas.paint(shape)
    boxes = tuple(_clipped(area, width, height) for area in (main, *others))
    return Drawing(canvas.finished(), boxes, figure.__name__)


def _posed(figure: Figure, rng: Random) -> list[Shape]:
    """Return a figure slightly turned, and an animal facing either way."""
    shapes = turned(figure(rng), rng.uniform(-7, 7))
    return mirrored(shapes) if figure in ANIMALS and rng.random() < 0.5 else shapes


def _clipped(area: Box, width: int, height: int) -> Box:
    left, top, right, bottom = area
    return (
        float(max(0, round(left))),
        float(max(0, round(top))),
        float(min(width, round(right))),
        float(min(height, round(bottom))),
    )


def _main_box(rng: Random, width: int, height: int) -> Box:
    """Return where the main figure goes; it may leave the image by up to an eighth."""
    side = rng.uniform(0.72, 0.97) * min(width, height)
    aspect = rng.uniform(0.85, 1.18)
    w, h = side * min(1.0, aspect), side * min(1.0, 1 / aspect)
    slack = 0.08 if rng.random() < 0.15 else 0.0
    left = rng.uniform(-slack * w, width - w + slack * w)
    top = rng.uniform(-slack * h, height - h + slack * h)
    return left, top, left + w, top + h


def _small_box(rng: Random, width: int, height: int, main: Box) -> Box:
    """Return where a small thing goes: of a few tries, where it hides least of the figure."""
    best, least = main, float("inf")
    for _ in range(6):
        side = rng.uniform(0.15, 0.24) * min(width, height)
        left, top = rng.uniform(0, width - side), rng.uniform(0, height - side)
        covered = max(0.0, min(main[2], left + side) - max(main[0], left)) * max(
            0.0, min(main[3], top + side) - max(main[1], top)
        )
        if covered < least:
            best, least = (left, top, left + side, top + side), covered
    return best


def background(rng: Random) -> list[Shape]:
    """Return what lies behind everything, over the whole unit square."""
    first, second = BACKDROPS
    base = box(first, 0, 0, 1, 1, is_detail=True)
    kind = rng.choice(("plain", "plain", "floor", "diagonal", "spots"))
    if kind == "floor":
        return [base, box(second, 0, rng.uniform(0.6, 0.85), 1, 1, is_detail=True)]
    if kind == "diagonal":
        edge = rng.uniform(0.2, 0.8)
        return [base, polygon(second, (0, 0), (edge, 0), (1 - edge, 1), (0, 1), is_detail=True)]
    if kind == "spots":
        spots = [(rng.random(), rng.random(), rng.uniform(0.03, 0.1)) for _ in range(7)]
        return [base, *(ellipse(second, x, y, r, r, is_detail=True) for x, y, r in spots)]
    return [base]
