"""People: portraits and standing figures."""

from random import Random

from gmf_demo.drawing.shapes import (
    Figure,
    Shape,
    arc_points,
    box,
    ellipse,
    polygon,
    stroke,
)


def face(
    rng: Random, x: float, y: float, rx: float, ry: float, *, detailed: bool = True
) -> list[Shape]:
    """Draw a head with hair and, when it is large enough, a face."""
    hair = rng.choice(("short", "short", "long", "bun", "curly", "hat", "cap"))
    ears = [ellipse("skin", x + side * rx, y + 0.1 * ry, 0.18 * rx, 0.2 * ry) for side in (-1, 1)]
    head = ellipse("skin", x, y, rx, ry)
    shapes = [*_hair_behind(hair, x, y, rx, ry), *ears, head, *_top(rng, hair, x, y, rx, ry)]
    return shapes + features(rng, x, y, rx, ry) if detailed else shapes


def _hair_behind(hair: str, x: float, y: float, rx: float, ry: float) -> list[Shape]:
    if hair == "long":
        return [
            polygon(
                "hair",
                *arc_points(x, y - 0.1 * ry, 1.25 * rx, 1.15 * ry, 170, 370),
                (x + 1.2 * rx, y + 1.5 * ry),
                (x - 1.2 * rx, y + 1.5 * ry),
            )
        ]
    if hair == "bun":
        return [ellipse("hair", x, y - 1.2 * ry, 0.5 * rx, 0.4 * ry)]
    if hair == "curly":
        curls = ((-0.9, -0.2), (-0.75, -0.75), (-0.2, -1.05), (0.4, -1.0), (0.85, -0.6), (0.95, 0))
        return [ellipse("hair", x + dx * rx, y + dy * ry, 0.5 * rx, 0.42 * ry) for dx, dy in curls]
    return []


def _top(rng: Random, hair: str, x: float, y: float, rx: float, ry: float) -> list[Shape]:
    """Draw a hat, a cap, or the hair above the forehead."""
    if hair == "hat":
        return [
            box("accent", x - 0.75 * rx, y - 1.55 * ry, x + 0.75 * rx, y - 0.55 * ry),
            box("accent", x - 1.5 * rx, y - 0.68 * ry, x + 1.5 * rx, y - 0.48 * ry),
            box("ink", x - 0.75 * rx, y - 0.85 * ry, x + 0.75 * rx, y - 0.68 * ry, is_detail=True),
        ]
    if hair == "cap":
        return [
            polygon("accent", *arc_points(x, y - 0.35 * ry, 1.05 * rx, 0.85 * ry, 180, 360)),
            polygon(
                "accent",
                (x - 0.2 * rx, y - 0.5 * ry),
                (x + 1.7 * rx, y - 0.42 * ry),
                (x + 1.6 * rx, y - 0.25 * ry),
                (x - 0.2 * rx, y - 0.32 * ry),
            ),
        ]
    fringe = rng.uniform(-0.55, -0.25)
    return [
        polygon(
            "hair",
            *arc_points(x, y, 1.06 * rx, 1.1 * ry, 185, 355),
            (x + 0.7 * rx, y + fringe * ry),
            (x + rng.uniform(-0.4, 0.4) * rx, y + (fringe - 0.15) * ry),
            (x - 0.75 * rx, y + fringe * ry),
        )
    ]


def features(rng: Random, x: float, y: float, rx: float, ry: float) -> list[Shape]:
    """Draw eyes, nose, mouth and sometimes glasses or a beard."""
    shapes: list[Shape] = []
    if rng.random() < 0.25:
        shapes.append(
            polygon(
                "hair",
                *arc_points(x, y + 0.25 * ry, 0.92 * rx, 0.8 * ry, 0, 180),
                (x - 0.5 * rx, y + 0.4 * ry),
                (x + 0.5 * rx, y + 0.4 * ry),
            )
        )
    for side in (-1, 1):
        eye_x, eye_y = x + side * 0.38 * rx, y - 0.02 * ry
        shapes += _eye(eye_x, eye_y, rx, ry)
        if rng.random() < 0.3 and side == -1:
            shapes += [
                stroke("ink", 0.06 * rx, *arc_points(x + s * 0.38 * rx, eye_y, 0.3 * rx, 0.22 * ry))
                for s in (-1, 1)
            ]
            shapes.append(stroke("ink", 0.06 * rx, (x - 0.1 * rx, eye_y), (x + 0.1 * rx, eye_y)))
    shapes.append(
        stroke(
            "shade",
            0.07 * rx,
            (x, y + 0.05 * ry),
            (x - 0.12 * rx, y + 0.3 * ry),
            (x + 0.06 * rx, y + 0.32 * ry),
        )
    )
    smile = polygon(
        "lip", *arc_points(x, y + 0.5 * ry, 0.36 * rx, 0.18 * ry, 0, 180), is_detail=True
    )
    line = stroke("lip", 0.1 * rx, *arc_points(x, y + 0.48 * ry, 0.34 * rx, 0.12 * ry, 10, 170))
    shapes.append(smile if rng.random() < 0.5 else line)
    return shapes


def _eye(x: float, y: float, rx: float, ry: float) -> list[Shape]:
    brow = (x - 0.2 * rx, y - 0.2 * ry), (x, y - 0.26 * ry), (x + 0.2 * rx, y - 0.2 * ry)
    return [
        ellipse("white", x, y, 0.19 * rx, 0.12 * ry, is_detail=True),
        ellipse("ink", x, y, 0.1 * rx, 0.1 * ry, is_detail=True),
        stroke("ink", 0.07 * rx, *brow),
    ]


def portrait(rng: Random) -> list[Shape]:
    """Draw head and shoulders."""
    x, y = 0.5, rng.uniform(0.4, 0.44)
    rx, ry = rng.uniform(0.19, 0.23), rng.uniform(0.25, 0.28)
    width = rng.uniform(0.4, 0.48)
    shapes = [
        polygon("cloth", *arc_points(x, 1.0, width, rng.uniform(0.22, 0.27), 180, 360)),
        polygon(
            "skin",
            (x - 0.09, y + 0.15),
            (x + 0.09, y + 0.15),
            (x + 0.1, 0.78),
            (x, 0.84),
            (x - 0.1, 0.78),
        ),
    ]
    collar = rng.choice(("tie", "vee", "none"))
    if collar == "tie":
        shapes += [
            polygon(
                "white",
                (x - 0.12, 0.76),
                (x, 0.9),
                (x + 0.12, 0.76),
                (x + 0.1, 1.0),
                (x - 0.1, 1.0),
            ),
            polygon("accent", (x - 0.03, 0.84), (x + 0.03, 0.84), (x + 0.05, 1.0), (x - 0.05, 1.0)),
        ]
    elif collar == "vee":
        shapes.append(stroke("shade", 0.025, (x - 0.14, 0.76), (x, 0.92), (x + 0.14, 0.76)))
    return shapes + face(rng, x, y, rx, ry)


def standing(rng: Random) -> list[Shape]:
    """Draw a whole figure, arms down, up or waving."""
    x, shapes = 0.5, list[Shape]()
    spread = rng.uniform(0.08, 0.16)
    for side in (-1, 1):
        foot = x + side * (0.05 + spread)
        shapes += [
            stroke("trousers", 0.11, (x + side * 0.07, 0.6), (foot, 0.94)),
            ellipse("ink", foot + side * 0.03, 0.96, 0.08, 0.035),
        ]
        hand = rng.choice(((0.24, 0.6), (0.3, 0.2), (0.33, 0.42)))
        elbow = ((0.22 + hand[0]) / 2 + 0.04, (0.36 + hand[1]) / 2)
        arm = (
            (x + side * 0.14, 0.36),
            (x + side * elbow[0], elbow[1]),
            (x + side * hand[0], hand[1]),
        )
        shapes += [
            stroke("cloth", 0.08, *arm),
            ellipse("skin", x + side * hand[0], hand[1], 0.045, 0.045),
        ]
    shapes += [
        box("skin", x - 0.04, 0.22, x + 0.04, 0.32),
        polygon("cloth", (x - 0.18, 0.31), (x + 0.18, 0.31), (x + 0.14, 0.64), (x - 0.14, 0.64)),
    ]
    if rng.random() < 0.4:
        shapes.append(stroke("white", 0.03, (x - 0.16, 0.44), (x + 0.16, 0.44)))
    return shapes + face(rng, x, 0.16, 0.095, 0.12)


#: Each as likely as another; a repeated one more so.
PEOPLE: tuple[Figure, ...] = (portrait, portrait, portrait, standing)
