"""Shapes in the unit square: what a figure is made of before a style turns it into pixels."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

Point = tuple[float, float]

#: Letters as strokes in the unit square, so that lettering follows the drawing style.
LETTER_STROKES: dict[str, tuple[tuple[Point, ...], ...]] = {
    "A": (((0, 1), (0.5, 0), (1, 1)), ((0.22, 0.6), (0.78, 0.6))),
    "E": (((1, 0), (0, 0), (0, 1), (1, 1)), ((0, 0.5), (0.8, 0.5))),
    "F": (((1, 0), (0, 0), (0, 1)), ((0, 0.5), (0.8, 0.5))),
    "H": (((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 0.5), (1, 0.5))),
    "I": (((0.5, 0), (0.5, 1)),),
    "K": (((0, 0), (0, 1)), ((1, 0), (0, 0.5), (1, 1))),
    "L": (((0, 0), (0, 1), (1, 1)),),
    "M": (((0, 1), (0, 0), (0.5, 0.6), (1, 0), (1, 1)),),
    "N": (((0, 1), (0, 0), (1, 1), (1, 0)),),
    "O": (
        ((0.3, 0), (0.7, 0), (1, 0.3), (1, 0.7), (0.7, 1), (0.3, 1), (0, 0.7), (0, 0.3), (0.3, 0)),
    ),
    "R": (((0, 1), (0, 0), (0.8, 0), (1, 0.25), (0.8, 0.5), (0, 0.5), (1, 1)),),
    "S": (((1, 0), (0.2, 0), (0, 0.25), (0.2, 0.5), (0.8, 0.5), (1, 0.75), (0.8, 1), (0, 1)),),
    "T": (((0, 0), (1, 0)), ((0.5, 0), (0.5, 1))),
    "V": (((0, 0), (0.5, 1), (1, 0)),),
    "X": (((0, 0), (1, 1)), ((1, 0), (0, 1))),
    "Z": (((0, 0), (1, 0), (0, 1), (1, 1)),),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon, or a stroke along points.

    Args:
        points: Corners in the unit square, y downwards.
        role: What it depicts (``skin``, ``roof``, ...); the palette gives the colour.
        stroke: Width of a stroke as a share of the square; 0 for a filled polygon.
        is_detail: Small inner part that gets no outline of its own.
    """

    points: tuple[Point, ...]
    role: str
    stroke: float = 0.0
    is_detail: bool = False


#: Draws one thing in the unit square, with the variety that the generator gives.
Figure = Callable[[Random], list[Shape]]


def polygon(role: str, *points: Point, is_detail: bool = False) -> Shape:
    """Return a filled polygon."""
    return Shape(points, role, is_detail=is_detail)


def box(
    role: str, left: float, top: float, right: float, bottom: float, *, is_detail: bool = False
) -> Shape:
    """Return a filled rectangle."""
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Shape(corners, role, is_detail=is_detail)


def stroke(role: str, width: float, *points: Point) -> Shape:
    """Return a stroke of a width along points."""
    return Shape(points, role, width, is_detail=True)


def arc_points(
    x: float, y: float, rx: float, ry: float, start: float = 0.0, end: float = 360.0
) -> tuple[Point, ...]:
    """Return points along an ellipse, degrees clockwise from the right."""
    steps = max(5, round(abs(end - start) / 14))
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return tuple((x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles)


def ellipse(
    role: str, x: float, y: float, rx: float, ry: float, *, is_detail: bool = False
) -> Shape:
    """Return a filled ellipse around a centre."""
    return Shape(arc_points(x, y, rx, ry), role, is_detail=is_detail)


def star(role: str, x: float, y: float, radius: float, *, points: int = 5) -> Shape:
    """Return a filled star with one ray upwards."""
    corners: list[Point] = []
    for i in range(2 * points):
        length = radius if i % 2 == 0 else radius * 0.45
        angle = math.pi * i / points - math.pi / 2
        corners.append((x + length * math.cos(angle), y + length * math.sin(angle)))
    return Shape(tuple(corners), role)


def lettering(
    role: str, letters: str, left: float, top: float, right: float, bottom: float, *, width: float
) -> list[Shape]:
    """Return letters as strokes, spread over a rectangle.

    Raises:
        KeyError: If a letter has no strokes.
    """
    cell = (right - left) / len(letters)
    shapes: list[Shape] = []
    for i, letter in enumerate(letters):
        x, w = left + (i + 0.12) * cell, 0.76 * cell
        for points in LETTER_STROKES[letter]:
            placed = tuple((x + w * px, top + (bottom - top) * py) for px, py in points)
            shapes.append(Shape(placed, role, width, is_detail=True))
    return shapes


def random_letters(rng: Random, low: int, high: int) -> str:
    """Return ``low`` to ``high`` letters that spell nothing."""
    return "".join(rng.choices(sorted(LETTER_STROKES), k=rng.randint(low, high)))


def moved(
    shapes: Iterable[Shape], *, left: float, top: float, width: float, height: float
) -> list[Shape]:
    """Return shapes squeezed from the unit square into a rectangle."""
    scale = min(width, height)
    return [
        Shape(
            tuple((left + width * x, top + height * y) for x, y in shape.points),
            shape.role,
            shape.stroke * scale,
            shape.is_detail,
        )
        for shape in shapes
    ]


def mirrored(shapes: Iterable[Shape]) -> list[Shape]:
    """Return shapes mirrored left to right."""
    return [
        Shape(tuple((1 - x, y) for x, y in s.points), s.role, s.stroke, s.is_detail) for s in shapes
    ]


def turned(shapes: Iterable[Shape], degrees: float) -> list[Shape]:
    """Return shapes turned around the middle of the square."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def turn(point: Point) -> Point:
        x, y = point[0] - 0.5, point[1] - 0.5
        return 0.5 + x * cosine - y * sine, 0.5 + x * sine + y * cosine

    return [Shape(tuple(map(turn, s.points)), s.role, s.stroke, s.is_detail) for s in shapes]


def extent(shapes: Sequence[Shape]) -> tuple[float, float, float, float]:
    """Return the bounding rectangle ``(left, top, right, bottom)`` with half of each stroke."""
    xs = [(x - s.stroke / 2, x + s.stroke / 2) for s in shapes for x, _ in s.points]
    ys = [(y - s.stroke / 2, y + s.stroke / 2) for s in shapes for _, y in s.points]
    return (
        min(x for x, _ in xs),
        min(y for y, _ in ys),
        max(x for _, x in xs),
        max(y for _, y in ys),
    )
