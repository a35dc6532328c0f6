"""Animals, from the side or face to face."""

from random import Random

from gmf_demo.drawing.shapes import (
    Figure,
    Shape,
    arc_points,
    ellipse,
    polygon,
    stroke,
)


def eye(x: float, y: float, size: float) -> list[Shape]:
    """Draw an eye with a glint."""
    return [
        ellipse("ink", x, y, size, size, is_detail=True),
        ellipse(
            "white", x + 0.35 * size, y - 0.35 * size, 0.35 * size, 0.35 * size, is_detail=True
        ),
    ]


def legs(xs: tuple[float, ...], top: float, bottom: float, width: float) -> list[Shape]:
    """Draw straight legs with paws."""
    shapes: list[Shape] = []
    for i, x in enumerate(xs):
        role = "fur" if i % 2 else "fur_dark"
        shapes.append(
            polygon(
                role,
                (x - width / 2, top),
                (x + width / 2, top),
                (x + 0.4 * width, bottom),
                (x - 0.4 * width, bottom),
            )
        )
        shapes.append(ellipse(role, x + 0.15 * width, bottom - 0.01, 0.6 * width, 0.025))
    return shapes


def cat(rng: Random) -> list[Shape]:
    """Draw a cat that sits and looks out."""
    shapes: list[Shape] = [
        stroke("fur_dark", 0.08, (0.66, 0.92), (0.88, 0.86), (0.93, 0.66), (0.84, 0.52)),
        ellipse("fur", 0.5, 0.74, 0.25, 0.25),
        ellipse("fur_light", 0.5, 0.76, 0.12, 0.18),
        ellipse("fur", 0.4, 0.95, 0.08, 0.04),
        ellipse("fur", 0.6, 0.95, 0.08, 0.04),
    ]
    for side in (-1, 1):
        shapes += _cat_ear(0.5 + side * 0.17, side)
    shapes += [ellipse("fur", 0.5, 0.35, 0.26, 0.21)]
    if rng.random() < 0.6:
        shapes += [
            stroke("fur_dark", 0.025, (x, 0.15), (0.5 + 0.7 * (x - 0.5), 0.24))
            for x in (0.42, 0.5, 0.58)
        ]
    for side in (-1, 1):
        x = 0.5 + side * 0.11
        shapes += [
            ellipse("eye", x, 0.33, 0.055, 0.055),
            ellipse("ink", x, 0.33, 0.02, 0.05, is_detail=True),
        ]
        shapes += [
            stroke("ink", 0.008, (0.5 + side * 0.08, 0.43 + d), (0.5 + side * 0.33, 0.41 + 2.2 * d))
            for d in (0.0, 0.03)
        ]
    shapes += [
        ellipse("fur_light", 0.46, 0.45, 0.06, 0.045, is_detail=True),
        ellipse("fur_light", 0.54, 0.45, 0.06, 0.045, is_detail=True),
        polygon("nose", (0.46, 0.4), (0.54, 0.4), (0.5, 0.44)),
    ]
    return shapes


def _cat_ear(x: float, side: int) -> list[Shape]:
    outer = (x - side * 0.12, 0.22), (x + side * 0.07, 0.02), (x + side * 0.08, 0.3)
    inner = (x - side * 0.06, 0.21), (x + side * 0.04, 0.09), (x + side * 0.05, 0.26)
    return [polygon("fur", *outer), polygon("nose", *inner, is_detail=True)]


def dog(rng: Random) -> list[Shape]:
    """Draw a dog from the side."""
    shapes: list[Shape] = [stroke("fur", 0.06, (0.14, 0.5), (0.05, 0.36), (0.06, 0.24))]
    shapes += legs((0.24, 0.34, 0.6, 0.69), 0.6, 0.95, 0.1)
    shapes += [
        ellipse("fur", 0.43, 0.56, 0.33, 0.17),
        polygon("fur", (0.58, 0.62), (0.76, 0.52), (0.8, 0.3), (0.62, 0.32)),
        ellipse("fur", 0.73, 0.27, 0.15, 0.14),
        polygon("fur", (0.74, 0.22), (0.96, 0.27), (0.98, 0.35), (0.93, 0.4), (0.72, 0.4)),
        ellipse("ink", 0.96, 0.29, 0.035, 0.03),
        stroke("ink", 0.012, (0.95, 0.36), (0.82, 0.37)),
        stroke("accent", 0.045, (0.63, 0.43), (0.76, 0.47)),
    ]
    if rng.random() < 0.6:
        shapes.append(ellipse("fur_dark", 0.38, 0.5, 0.12, 0.09, is_detail=True))
    if rng.random() < 0.6:
        shapes.append(
            polygon("fur_dark", (0.61, 0.18), (0.7, 0.17), (0.68, 0.4), (0.6, 0.45), (0.56, 0.34))
        )
    else:
        shapes.append(polygon("fur_dark", (0.62, 0.2), (0.6, 0.0), (0.74, 0.15)))
    return shapes + eye(0.78, 0.24, 0.026)


def bird(rng: Random) -> list[Shape]:
    """Draw a bird on a twig."""
    feather = rng.choice(("accent", "brand", "fur"))
    return [
        stroke("wood", 0.04, (0.05, 0.9), (0.95, 0.84)),
        stroke("ink", 0.018, (0.46, 0.72), (0.45, 0.87)),
        stroke("ink", 0.018, (0.56, 0.72), (0.56, 0.87)),
        polygon(feather, (0.34, 0.6), (0.0, 0.78), (0.06, 0.86), (0.42, 0.72)),
        ellipse(feather, 0.5, 0.54, 0.26, 0.22),
        ellipse("fur_light", 0.57, 0.62, 0.16, 0.12),
        ellipse(feather, 0.68, 0.3, 0.17, 0.16),
        polygon(feather, (0.55, 0.32), (0.8, 0.4), (0.74, 0.6), (0.5, 0.5)),
        polygon("beak", (0.82, 0.24), (1.0, 0.31), (0.82, 0.37)),
        polygon("fur_dark", (0.6, 0.46), (0.26, 0.42), (0.12, 0.66), (0.42, 0.68)),
        stroke("shade", 0.014, (0.52, 0.52), (0.3, 0.58)),
        stroke("shade", 0.014, (0.5, 0.58), (0.3, 0.63)),
        *eye(0.73, 0.27, 0.032),
    ]


def fish(rng: Random) -> list[Shape]:
    """Draw a fish with stripes or scales."""
    body = rng.choice(("accent", "brand", "beak"))
    shapes: list[Shape] = [
        polygon(body, (0.2, 0.5), (0.0, 0.22), (0.06, 0.5), (0.0, 0.78)),
        polygon("fur_dark", (0.35, 0.3), (0.5, 0.1), (0.72, 0.28)),
        polygon("fur_dark", (0.45, 0.7), (0.5, 0.88), (0.62, 0.7)),
        ellipse(body, 0.55, 0.5, 0.42, 0.26),
    ]
    if rng.random() < 0.5:
        shapes += [
            stroke("white", 0.05, (x, 0.3), (x - 0.04, 0.5), (x, 0.7)) for x in (0.34, 0.52, 0.7)
        ]
    else:
        shapes += [
            stroke("shade", 0.012, *arc_points(x, y, 0.05, 0.06, 90, 270))
            for x in (0.35, 0.47, 0.59)
            for y in (0.4, 0.5, 0.6)
        ]
    shapes += [
        stroke("shade", 0.016, *arc_points(0.68, 0.5, 0.09, 0.2, 100, 260)),
        polygon("fur_dark", (0.6, 0.52), (0.46, 0.6), (0.6, 0.64)),
        ellipse("white", 0.84, 0.44, 0.055, 0.055),
        *eye(0.85, 0.44, 0.03),
        stroke("ink", 0.014, (0.96, 0.56), (0.88, 0.59)),
    ]
    shapes += [
        ellipse("water", 0.96, 0.3 - 0.1 * i, 0.03 - 0.005 * i, 0.03 - 0.005 * i) for i in range(3)
    ]
    return shapes


def elephant(rng: Random) -> list[Shape]:
    """Draw an elephant from the side."""
    up = rng.random() < 0.5
    trunk = (
        ((0.84, 0.4), (0.93, 0.55), (0.98, 0.3))
        if up
        else ((0.84, 0.4), (0.92, 0.6), (0.9, 0.82), (0.98, 0.88))
    )
    return [
        stroke("grey_dark", 0.025, (0.1, 0.42), (0.03, 0.62)),
        *(
            s
            for x in (0.22, 0.36, 0.56, 0.66)
            for s in (
                polygon(
                    "grey_dark" if x in (0.36, 0.56) else "grey",
                    (x - 0.075, 0.6),
                    (x + 0.075, 0.6),
                    (x + 0.07, 0.96),
                    (x - 0.07, 0.96),
                ),
                ellipse("white", x + 0.03, 0.95, 0.03, 0.015, is_detail=True),
            )
        ),
        ellipse("grey", 0.42, 0.5, 0.34, 0.26),
        stroke("grey", 0.1, *trunk),
        ellipse("grey", 0.76, 0.34, 0.17, 0.19),
        polygon("white", (0.8, 0.48), (0.92, 0.58), (0.95, 0.52), (0.86, 0.46)),
        ellipse("grey_dark", 0.63, 0.36, 0.12, 0.19),
        ellipse("nose", 0.63, 0.37, 0.07, 0.13, is_detail=True),
        *eye(0.82, 0.3, 0.022),
    ]


def owl(rng: Random) -> list[Shape]:
    """Draw an owl face to face."""
    shapes: list[Shape] = [
        stroke("wood", 0.05, (0.04, 0.92), (0.96, 0.9)),
        polygon("fur", (0.24, 0.26), (0.24, 0.02), (0.44, 0.16)),
        polygon("fur", (0.76, 0.26), (0.76, 0.02), (0.56, 0.16)),
        ellipse("fur", 0.5, 0.52, 0.32, 0.4),
        ellipse("fur_light", 0.5, 0.66, 0.2, 0.24),
        ellipse("fur_dark", 0.2, 0.6, 0.1, 0.24),
        ellipse("fur_dark", 0.8, 0.6, 0.1, 0.24),
    ]
    shapes += [
        stroke("fur_dark", 0.014, (x - 0.03, y), (x, y + 0.03), (x + 0.03, y))
        for y in (0.58, 0.66, 0.74)
        for x in (0.41, 0.5, 0.59)
    ]
    size = rng.uniform(0.1, 0.13)
    for x in (0.37, 0.63):
        shapes += [
            ellipse("white", x, 0.33, size + 0.02, size + 0.02),
            ellipse("eye", x, 0.33, 0.7 * size, 0.7 * size),
        ]
        shapes += eye(x, 0.33, 0.4 * size)
    shapes.append(polygon("beak", (0.45, 0.4), (0.55, 0.4), (0.5, 0.5)))
    shapes += [ellipse("beak", x, 0.91, 0.06, 0.03) for x in (0.4, 0.6)]
    return shapes


#: Each as likely as another.
ANIMALS: tuple[Figure, ...] = (cat, dog, bird, fish, elephant, owl)
