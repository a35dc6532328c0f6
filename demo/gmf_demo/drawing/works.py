"""Works: books, film posters, records."""

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


def cover_art(rng: Random, left: float, top: float, right: float, bottom: float) -> list[Shape]:
    """Draw the abstract image on a cover."""
    x, y, w, h = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    kind = rng.choice(("moon", "waves", "rays"))
    if kind == "moon":
        return [
            ellipse("light", x, y, 0.36 * min(w, h), 0.36 * min(w, h)),
            box("shade", left, y + 0.25 * h, right, bottom),
        ]
    if kind == "waves":
        return [
            stroke(
                "light",
                0.03,
                *(
                    (left + w * i / 6, y + d * h + (0.08 * h if i % 2 else -0.08 * h))
                    for i in range(7)
                ),
            )
            for d in (-0.25, 0.0, 0.25)
        ]
    return [
        polygon("light", (x, bottom), (left + w * i / 5, top), (left + w * (i + 0.5) / 5, top))
        for i in range(5)
    ]


def book(rng: Random) -> list[Shape]:
    """Draw a closed book with spine, page edges and a titled cover."""
    cover = rng.choice(("brand", "accent", "brick", "ink"))
    shapes = [
        polygon("white", (0.2, 0.93), (0.9, 0.93), (0.96, 0.98), (0.27, 0.99)),
        polygon("white", (0.89, 0.05), (0.95, 0.1), (0.96, 0.98), (0.89, 0.94)),
        polygon("shade", (0.06, 0.08), (0.17, 0.03), (0.17, 0.94), (0.06, 0.99)),
        box(cover, 0.16, 0.03, 0.9, 0.94),
        stroke("shade", 0.014, (0.22, 0.04), (0.22, 0.93)),
    ]
    shapes += [
        stroke("grey", 0.006, (0.905 + 0.016 * i, 0.09), (0.905 + 0.016 * i, 0.94))
        for i in range(3)
    ]
    shapes.append(stroke("white", 0.06, (0.32, 0.17), (0.8, 0.17)))
    shapes.append(stroke("white", 0.024, (0.36, 0.3), (0.76, 0.3)))
    shapes += cover_art(rng, 0.3, 0.42, 0.82, 0.76)
    return [*shapes, stroke("white", 0.018, (0.38, 0.85), (0.74, 0.85))]


def open_book(rng: Random) -> list[Shape]:
    """Draw an open book with lines of text."""
    cover = rng.choice(("brand", "accent", "brick"))
    shapes = [
        polygon(cover, (0.0, 0.2), (0.5, 0.28), (1.0, 0.2), (1.0, 0.88), (0.5, 0.96), (0.0, 0.88)),
        polygon(
            "white", (0.04, 0.16), (0.28, 0.13), (0.5, 0.22), (0.5, 0.9), (0.28, 0.81), (0.04, 0.84)
        ),
        polygon(
            "white", (0.96, 0.16), (0.72, 0.13), (0.5, 0.22), (0.5, 0.9), (0.72, 0.81), (0.96, 0.84)
        ),
        stroke("shade", 0.012, (0.5, 0.22), (0.5, 0.9)),
        polygon("accent", (0.6, 0.16), (0.66, 0.14), (0.66, 0.4), (0.63, 0.36), (0.6, 0.4)),
    ]
    for i in range(7):
        y = 0.27 + 0.075 * i
        shapes += [stroke("grey_dark", 0.012, (0.09, y), (0.27, y - 0.02), (0.45, y + 0.05))]
        if i > 1:
            shapes += [stroke("grey_dark", 0.012, (0.91, y), (0.73, y - 0.02), (0.55, y + 0.05))]
    return shapes


def poster(rng: Random) -> list[Shape]:
    """Draw a film poster between two strips of film."""
    field = rng.choice(("ink", "brand", "accent", "brick"))
    shapes = [
        box("ink", 0.12, 0.0, 0.88, 1.0),
        box("light", 0.14, 0.02, 0.86, 0.98),
        box(field, 0.18, 0.06, 0.82, 0.94),
    ]
    shapes += cover_art(rng, 0.22, 0.1, 0.78, 0.56)
    shapes.append(stroke("white", 0.05, (0.26, 0.68), (0.74, 0.68)))
    shapes += [stroke("grey", 0.012, (0.26, y), (0.74, y)) for y in (0.78, 0.83, 0.88)]
    for x in (0.0, 0.86):
        shapes.append(box("ink", x, 0.0, x + 0.14, 1.0))
        shapes += [
            box("white", x + 0.035, 0.03 + 0.1 * i, x + 0.105, 0.09 + 0.1 * i, is_detail=True)
            for i in range(10)
        ]
    return shapes


def record(rng: Random) -> list[Shape]:
    """Draw a vinyl record that leaves its sleeve."""
    sleeve = rng.choice(("brand", "accent", "brick", "light"))
    shapes = [ellipse("ink", 0.64, 0.5, 0.36, 0.36)]
    shapes += [
        stroke("grey_dark", 0.008, *arc_points(0.64, 0.5, r, r)) for r in (0.31, 0.26, 0.21, 0.16)
    ]
    shapes += [ellipse("accent", 0.64, 0.5, 0.11, 0.11), ellipse("white", 0.64, 0.5, 0.02, 0.02)]
    if rng.random() < 0.6:
        cover = cover_art(rng, 0.08, 0.34, 0.54, 0.8)
        title = stroke("ink" if sleeve == "light" else "white", 0.04, (0.1, 0.24), (0.46, 0.24))
        return [*shapes, box(sleeve, 0.0, 0.12, 0.62, 0.88), *cover, title]
    arm = stroke("metal", 0.025, (0.18, 0.2), (0.3, 0.66), (0.46, 0.66))
    return [
        box("wood", 0.1, 0.06, 1.0, 0.94),
        *shapes,
        arm,
        ellipse("metal", 0.18, 0.18, 0.06, 0.06),
    ]


#: Each as likely as another.
WORKS: tuple[Figure, ...] = (book, open_book, poster, record)
