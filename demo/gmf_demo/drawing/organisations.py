"""Organisations: emblems with a word mark, and signs."""

from random import Random

from gmf_demo.drawing.shapes import (
    Figure,
    Shape,
    arc_points,
    box,
    ellipse,
    lettering,
    polygon,
    random_letters,
    star,
    stroke,
)


def mark(rng: Random, role: str, x: float, y: float, size: float) -> list[Shape]:
    """Draw the device inside an emblem."""
    kind = rng.choice(("star", "letter", "letters", "bolt", "chevrons", "arrow"))
    if kind == "star":
        return [star(role, x, y, size, points=rng.randint(5, 6))]
    if kind == "bolt":
        points = ((0.2, -1), (-0.6, 0.15), (-0.05, 0.15), (-0.25, 1), (0.6, -0.25), (0.05, -0.25))
        return [polygon(role, *((x + size * a, y + size * b) for a, b in points))]
    if kind == "arrow":
        points = (
            (-0.9, 0.5),
            (0.1, -0.1),
            (-0.1, -0.5),
            (0.9, -0.6),
            (0.6, 0.4),
            (0.35, 0.15),
            (-0.6, 0.9),
        )
        return [polygon(role, *((x + size * a, y + size * b) for a, b in points))]
    if kind == "chevrons":
        return [
            stroke(
                role,
                0.28 * size,
                (x - 0.7 * size, y + d * size),
                (x, y + (d - 0.5) * size),
                (x + 0.7 * size, y + d * size),
            )
            for d in (-0.1, 0.4, 0.9)
        ]
    letters = random_letters(rng, 1, 1) if kind == "letter" else random_letters(rng, 2, 2)
    half = size * (0.6 if kind == "letter" else 0.85)
    return lettering(
        role, letters, x - half, y - 0.7 * size, x + half, y + 0.7 * size, width=0.28 * size
    )


def emblem(rng: Random, x: float, y: float, size: float) -> list[Shape]:
    """Draw a two-coloured field with a device in it."""
    kind = rng.choice(("shield", "circle", "hexagon", "diamond", "square"))
    corners: dict[str, tuple[tuple[float, float], ...]] = {
        "shield": (
            (-0.85, -1),
            (0, -0.85),
            (0.85, -1),
            (0.85, 0.1),
            (0.5, 0.65),
            (0, 1),
            (-0.5, 0.65),
            (-0.85, 0.1),
        ),
        "circle": arc_points(0, 0, 1, 1),
        "hexagon": ((-1, 0), (-0.5, -0.87), (0.5, -0.87), (1, 0), (0.5, 0.87), (-0.5, 0.87)),
        "diamond": ((0, -1.05), (1.05, 0), (0, 1.05), (-1.05, 0)),
        "square": (
            (-0.75, -0.9),
            (0.75, -0.9),
            (0.9, -0.75),
            (0.9, 0.75),
            (0.75, 0.9),
            (-0.75, 0.9),
            (-0.9, 0.75),
            (-0.9, -0.75),
        ),
    }
    outer, inner = rng.choice(
        (("brand", "white"), ("white", "brand"), ("brand", "accent"), ("accent", "ink"))
    )
    shapes = [polygon(outer, *((x + size * a, y + size * b) for a, b in corners[kind]))]
    if rng.random() < 0.7:
        shapes.append(
            polygon(inner, *((x + 0.86 * size * a, y + 0.86 * size * b) for a, b in corners[kind]))
        )
        shapes.append(
            polygon(outer, *((x + 0.76 * size * a, y + 0.76 * size * b) for a, b in corners[kind]))
        )
    return shapes + mark(rng, inner, x, y, 0.5 * size)


def badge(rng: Random) -> list[Shape]:
    """Draw an emblem over a word mark on a card."""
    shapes = [box("white", 0.0, 0.0, 1.0, 1.0)] if rng.random() < 0.6 else list[Shape]()
    shapes += emblem(rng, 0.5, 0.36, rng.uniform(0.27, 0.32))
    shapes += lettering("brand", random_letters(rng, 4, 6), 0.05, 0.73, 0.95, 0.88, width=0.05)
    if rng.random() < 0.5:
        shapes.append(stroke("accent", 0.02, (0.2, 0.94), (0.8, 0.94)))
    return shapes


def ring(rng: Random) -> list[Shape]:
    """Draw a round seal with ticks along its rim and a banner."""
    outer, inner = rng.choice((("brand", "white"), ("ink", "white"), ("accent", "white")))
    shapes = [
        ellipse(outer, 0.5, 0.46, 0.46, 0.46),
        ellipse(inner, 0.5, 0.46, 0.4, 0.4),
        ellipse(outer, 0.5, 0.46, 0.3, 0.3),
    ]
    rim = arc_points(0.5, 0.46, 0.35, 0.35, 150, 390)
    shapes += [ellipse(outer, px, py, 0.018, 0.018, is_detail=True) for px, py in rim[::2]]
    shapes += mark(rng, inner, 0.5, 0.42, 0.17)
    shapes.append(
        polygon(
            "accent",
            (0.02, 0.72),
            (0.98, 0.72),
            (0.9, 0.83),
            (0.98, 0.95),
            (0.02, 0.95),
            (0.1, 0.83),
        )
    )
    return shapes + lettering(
        "white", random_letters(rng, 4, 6), 0.14, 0.77, 0.86, 0.9, width=0.035
    )


def sign(rng: Random) -> list[Shape]:
    """Draw a board with emblem and word mark on two posts."""
    shapes = [box("metal", x, 0.6, x + 0.06, 1.0) for x in (0.16, 0.78)]
    field, text = rng.choice((("brand", "white"), ("white", "brand"), ("ink", "light")))
    shapes += [box("metal", 0.0, 0.08, 1.0, 0.7), box(field, 0.03, 0.11, 0.97, 0.67)]
    shapes += emblem(rng, 0.5, 0.29, 0.15)
    return shapes + lettering(text, random_letters(rng, 4, 6), 0.08, 0.48, 0.92, 0.61, width=0.045)


#: Each as likely as another; a repeated one more so.
ORGANISATIONS: tuple[Figure, ...] = (badge, badge, ring, sign)
