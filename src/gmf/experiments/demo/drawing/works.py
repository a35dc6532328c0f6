"""Works: books, film posters, records, games."""

from random import Random

from gmf.experiments.demo.drawing.shapes import (
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


def work(rng: Random) -> list[Shape]:
    """Draw a book, poster, record, cassette or game."""
    return rng.choice((book, book, open_book, poster, poster, record, record, cassette, game))(rng)


def cover_art(rng: Random, left: float, top: float, right: float, bottom: float) -> list[Shape]:
    """Draw the abstract picture on a cover."""
    x, y, w, h = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    kind = rng.choice(("moon", "waves", "rays", "star", "blocks"))
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
    if kind == "rays":
        return [
            polygon("light", (x, bottom), (left + w * i / 5, top), (left + w * (i + 0.5) / 5, top))
            for i in range(5)
        ]
    if kind == "star":
        return [star("light", x, y, 0.42 * min(w, h))]
    return [
        box(
            rng.choice(("light", "shade", "white")),
            left + w * i / 4,
            bottom - h * rng.uniform(0.3, 1.0),
            left + w * (i + 0.8) / 4,
            bottom,
        )
        for i in range(4)
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
    shapes += lettering("white", random_letters(rng, 4, 6), 0.28, 0.12, 0.84, 0.22, width=0.032)
    shapes += lettering("white", random_letters(rng, 3, 5), 0.36, 0.27, 0.76, 0.34, width=0.024)
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
    """Draw a framed film poster: art, title, credits, and bulbs or a film strip."""
    field = rng.choice(("ink", "brand", "accent", "brick"))
    shapes = [
        box("ink", 0.12, 0.0, 0.88, 1.0),
        box("light", 0.14, 0.02, 0.86, 0.98),
        box(field, 0.18, 0.06, 0.82, 0.94),
    ]
    shapes += cover_art(rng, 0.22, 0.1, 0.78, 0.56)
    shapes += lettering("white", random_letters(rng, 4, 6), 0.22, 0.62, 0.78, 0.74, width=0.036)
    shapes += [stroke("grey", 0.012, (0.26, y), (0.74, y)) for y in (0.8, 0.84, 0.88)]
    if rng.random() < 0.5:
        for x in (0.0, 0.9):
            shapes.append(box("ink", x, 0.0, x + 0.1, 1.0))
            shapes += [
                box("white", x + 0.025, 0.03 + 0.1 * i, x + 0.075, 0.09 + 0.1 * i, is_detail=True)
                for i in range(10)
            ]
    else:
        shapes += [
            ellipse("light", x, 0.05 + 0.1 * i, 0.03, 0.03) for x in (0.06, 0.94) for i in range(10)
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
    if rng.random() < 0.75:
        shapes += [box(sleeve, 0.0, 0.12, 0.62, 0.88), *cover_art(rng, 0.08, 0.34, 0.54, 0.8)]
        shapes += lettering(
            "ink" if sleeve == "light" else "white",
            random_letters(rng, 4, 5),
            0.07,
            0.18,
            0.55,
            0.27,
            width=0.028,
        )
    else:
        shapes = [box("wood", 0.1, 0.06, 1.0, 0.94), *shapes]
        shapes += [
            stroke("metal", 0.025, (0.18, 0.2), (0.3, 0.66), (0.46, 0.66)),
            ellipse("metal", 0.18, 0.18, 0.06, 0.06),
        ]
    return shapes


def cassette(rng: Random) -> list[Shape]:
    """Draw a music cassette."""
    shell = rng.choice(("ink", "grey_dark", "brand"))
    shapes = [
        box(shell, 0.0, 0.18, 1.0, 0.84),
        box("white", 0.07, 0.24, 0.93, 0.66),
        box(rng.choice(("accent", "brick", "light")), 0.07, 0.4, 0.93, 0.66),
        box("shade", 0.22, 0.43, 0.78, 0.6),
        polygon("grey", (0.2, 0.84), (0.25, 0.7), (0.75, 0.7), (0.8, 0.84)),
    ]
    for x in (0.3, 0.7):
        shapes += [ellipse("white", x, 0.515, 0.07, 0.07), ellipse("ink", x, 0.515, 0.03, 0.03)]
    return shapes + lettering("ink", random_letters(rng, 4, 7), 0.14, 0.27, 0.8, 0.36, width=0.022)


def game(rng: Random) -> list[Shape]:
    """Draw a game box with a controller in front."""
    cover = rng.choice(("brand", "accent", "leaf"))
    shapes = [box("ink", 0.2, 0.0, 0.8, 0.8), box(cover, 0.24, 0.02, 0.78, 0.78)]
    shapes += lettering("white", random_letters(rng, 4, 5), 0.28, 0.07, 0.74, 0.17, width=0.034)
    shapes += cover_art(rng, 0.28, 0.22, 0.74, 0.54)
    shapes += [
        polygon(
            "grey_dark",
            (0.12, 0.62),
            (0.88, 0.62),
            (1.0, 0.98),
            (0.86, 1.0),
            (0.7, 0.84),
            (0.3, 0.84),
            (0.14, 1.0),
            (0.0, 0.98),
        ),
        stroke("white", 0.04, (0.2, 0.73), (0.34, 0.73)),
        stroke("white", 0.04, (0.27, 0.67), (0.27, 0.79)),
    ]
    shapes += [
        ellipse(role, 0.74 + dx, 0.73 + dy, 0.026, 0.026, is_detail=True)
        for role, dx, dy in (
            ("light", 0, -0.055),
            ("accent", 0.06, 0),
            ("brand", 0, 0.055),
            ("leaf", -0.06, 0),
        )
    ]
    return shapes
