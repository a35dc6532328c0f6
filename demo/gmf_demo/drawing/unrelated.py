"""Images of nothing that a post names: food, charts, screens, patterns, weather, vehicles."""

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


def pizza(rng: Random) -> list[Shape]:
    """Draw a pizza with a slice cut."""
    shapes = [ellipse("crust", 0.5, 0.5, 0.5, 0.5), ellipse("cheese", 0.5, 0.5, 0.42, 0.42)]
    for _ in range(9):
        x, y = rng.uniform(0.22, 0.78), rng.uniform(0.22, 0.78)
        shapes.append(ellipse("tomato", x, y, 0.065, 0.065))
        shapes.append(
            ellipse(
                "leaf",
                rng.uniform(0.22, 0.78),
                rng.uniform(0.22, 0.78),
                0.03,
                0.015,
                is_detail=True,
            )
        )
    return [
        *shapes,
        *(stroke("crust", 0.012, (0.5, 0.5), p) for p in arc_points(0.5, 0.5, 0.46, 0.46)[::4]),
    ]


def burger(rng: Random) -> list[Shape]:
    """Draw a burger."""
    shapes = [
        polygon("crust", *arc_points(0.5, 0.42, 0.46, 0.36, 180, 360)),
        polygon(
            "leaf",
            *((0.02 + 0.96 * i / 12, 0.42 + (0.06 if i % 2 else 0.0)) for i in range(13)),
            (0.98, 0.52),
            (0.02, 0.52),
        ),
        box("tomato", 0.06, 0.5, 0.94, 0.56),
        box("meat", 0.04, 0.56, 0.96, 0.7),
        polygon(
            "cheese",
            (0.04, 0.56),
            (0.96, 0.56),
            (0.8, 0.64),
            (0.6, 0.57),
            (0.36, 0.66),
            (0.2, 0.57),
        ),
        polygon("crust", (0.05, 0.7), (0.95, 0.7), (0.9, 0.88), (0.1, 0.88)),
    ]
    return shapes + [
        ellipse(
            "cheese", rng.uniform(0.25, 0.75), rng.uniform(0.14, 0.34), 0.018, 0.011, is_detail=True
        )
        for _ in range(9)
    ]


def cup(rng: Random) -> list[Shape]:
    """Draw a steaming cup on a saucer."""
    mug = rng.choice(("white", "accent", "brand"))
    shapes = [
        stroke(mug, 0.06, *arc_points(0.76, 0.58, 0.15, 0.13, -80, 80)),
        ellipse("grey", 0.46, 0.92, 0.42, 0.06),
        polygon(mug, (0.14, 0.4), (0.78, 0.4), (0.7, 0.9), (0.22, 0.9)),
        ellipse("meat", 0.46, 0.4, 0.32, 0.06),
    ]
    return shapes + [
        stroke("grey", 0.03, (x, 0.3), (x + 0.05, 0.22), (x - 0.03, 0.14), (x + 0.03, 0.04))
        for x in (0.34, 0.5, 0.62)
    ]


def ice_cream(rng: Random) -> list[Shape]:
    """Draw scoops in a cone."""
    shapes = [polygon("crust", (0.24, 0.46), (0.76, 0.46), (0.5, 1.0))]
    shapes += [stroke("meat", 0.012, (0.3 + 0.13 * i, 0.47), (0.5, 0.98)) for i in range(4)]
    scoops = (("cheese", 0.36, 0.38), ("nose", 0.64, 0.38), ("white", 0.5, 0.2))
    shapes += [ellipse(role, x, y, 0.2, 0.19) for role, x, y in scoops]
    return [*shapes, ellipse("tomato", 0.5 + rng.uniform(-0.05, 0.05), 0.04, 0.05, 0.05)]


def fruit(rng: Random) -> list[Shape]:
    """Draw an apple or an orange with a leaf."""
    role = rng.choice(("tomato", "leaf", "beak"))
    return [
        stroke("wood", 0.05, (0.5, 0.24), (0.55, 0.04)),
        polygon("leaf", (0.54, 0.16), (0.72, 0.02), (0.86, 0.1), (0.7, 0.2)),
        ellipse(role, 0.36, 0.58, 0.32, 0.38),
        ellipse(role, 0.64, 0.58, 0.32, 0.38),
        ellipse("white", 0.28, 0.44, 0.06, 0.1, is_detail=True),
    ]


def axes() -> list[Shape]:
    """Draw the panel and axes of a chart."""
    return [
        box("white", 0.0, 0.0, 1.0, 1.0),
        *(stroke("grey", 0.006, (0.12, y), (0.94, y)) for y in (0.2, 0.4, 0.6)),
        stroke("ink", 0.014, (0.12, 0.08), (0.12, 0.86), (0.94, 0.86)),
        *(
            stroke("grey_dark", 0.014, (0.2 + 0.16 * i, 0.92), (0.28 + 0.16 * i, 0.92))
            for i in range(5)
        ),
    ]


def curve(rng: Random) -> list[Shape]:
    """Draw a line chart."""
    shapes = axes()
    for role in ("brand", "accent", "leaf")[: rng.randint(1, 3)]:
        y, points = rng.uniform(0.3, 0.7), list[tuple[float, float]]()
        for i in range(9):
            y = min(0.8, max(0.12, y + rng.uniform(-0.16, 0.14)))
            points.append((0.14 + 0.095 * i, y))
        shapes.append(stroke(role, 0.022, *points))
        shapes += [ellipse(role, px, py, 0.02, 0.02, is_detail=True) for px, py in points]
    return shapes


def screenshot(rng: Random) -> list[Shape]:
    """Draw a window full of text."""
    shapes = [box("white", 0.0, 0.0, 1.0, 1.0), box("grey", 0.0, 0.0, 1.0, 0.1)]
    shapes += [
        ellipse(role, 0.06 + 0.06 * i, 0.05, 0.018, 0.018, is_detail=True)
        for i, role in enumerate(("tomato", "cheese", "leaf"))
    ]
    shapes.append(stroke("ink", 0.035, (0.08, 0.2), (rng.uniform(0.4, 0.8), 0.2)))
    for i in range(10):
        if rng.random() < 0.85:
            shapes.append(
                stroke(
                    "grey_dark",
                    0.02,
                    (0.08, 0.3 + 0.066 * i),
                    (rng.uniform(0.6, 0.93), 0.3 + 0.066 * i),
                )
            )
    return shapes


def chat(rng: Random) -> list[Shape]:
    """Draw speech bubbles of a conversation."""
    shapes = [box("white", 0.0, 0.0, 1.0, 1.0)]
    for i in range(4):
        mine, top = rng.random() < 0.5, 0.05 + 0.24 * i
        width = rng.uniform(0.45, 0.7)
        left = 0.95 - width if mine else 0.05
        role = "brand" if mine else "grey"
        tip = left + width - 0.06 if mine else left + 0.06
        shapes += [
            box(role, left, top, left + width, top + 0.17),
            polygon(
                role,
                (tip - 0.03, top + 0.16),
                (tip + 0.03, top + 0.16),
                (tip + (0.05 if mine else -0.05), top + 0.21),
            ),
        ]
        text = "white" if mine else "grey_dark"
        shapes += [
            stroke(
                text,
                0.016,
                (left + 0.05, top + 0.06 + 0.06 * j),
                (left + width * rng.uniform(0.5, 0.9), top + 0.06 + 0.06 * j),
            )
            for j in range(2)
        ]
    return shapes


def checks(rng: Random) -> list[Shape]:
    """Draw a chequered cloth."""
    count = rng.randint(5, 8)
    role = rng.choice(("brand", "accent", "leaf", "tomato"))
    shapes = [box("white", 0.0, 0.0, 1.0, 1.0)]
    return shapes + [
        box(role, i / count, j / count, (i + 1) / count, (j + 1) / count, is_detail=True)
        for i in range(count)
        for j in range(count)
        if (i + j) % 2
    ]


def dots(rng: Random) -> list[Shape]:
    """Draw a dotted cloth."""
    count = rng.randint(5, 7)
    field, role = rng.choice(
        (("brand", "white"), ("white", "accent"), ("light", "brand"), ("ink", "light"))
    )
    shapes = [box(field, 0.0, 0.0, 1.0, 1.0)]
    return shapes + [
        ellipse(
            role,
            (i + (0.75 if j % 2 else 0.3)) / count,
            (j + 0.5) / count,
            0.27 / count,
            0.27 / count,
            is_detail=True,
        )
        for i in range(count)
        for j in range(count)
    ]


def stripes(rng: Random) -> list[Shape]:
    """Draw slanting stripes."""
    count = rng.randint(5, 8)
    role = rng.choice(("brand", "accent", "leaf"))
    shapes = [box("white", 0.0, 0.0, 1.0, 1.0)]
    for i in range(count):
        a, b = i / count, (i + 0.5) / count
        shapes.append(polygon(role, (a, 0.0), (b, 0.0), (0.0, b), (0.0, a), is_detail=True))
        shapes.append(polygon(role, (1.0, a), (1.0, b), (b, 1.0), (a, 1.0), is_detail=True))
    return shapes


def balloon(rng: Random) -> list[Shape]:
    """Draw a balloon on a string."""
    return [
        stroke("grey_dark", 0.02, (0.5, 0.68), (0.55, 0.82), (0.46, 1.0)),
        polygon("shade", (0.44, 0.72), (0.56, 0.72), (0.5, 0.64)),
        ellipse(rng.choice(("tomato", "brand", "accent", "leaf")), 0.5, 0.35, 0.32, 0.35),
        ellipse("white", 0.38, 0.22, 0.06, 0.1, is_detail=True),
    ]


def ball(rng: Random) -> list[Shape]:
    """Draw a beach ball."""
    roles = rng.sample(("tomato", "white", "brand", "light", "leaf"), 3)
    shapes = [ellipse("white", 0.5, 0.5, 0.48, 0.48)]
    for i in range(6):
        arc = arc_points(0.5, 0.5, 0.48, 0.48, 60 * i, 60 * i + 60)
        shapes.append(polygon(roles[i % 3], (0.5, 0.42), *arc))
    return shapes


def plant(rng: Random) -> list[Shape]:
    """Draw a flower in a pot."""
    petal = rng.choice(("tomato", "accent", "cheese"))
    shapes = [
        stroke("leaf", 0.04, (0.5, 0.7), (0.5, 0.3)),
        polygon("leaf", (0.5, 0.62), (0.24, 0.5), (0.2, 0.38), (0.44, 0.48)),
        polygon("leaf", (0.5, 0.6), (0.76, 0.46), (0.8, 0.34), (0.56, 0.44)),
        polygon("brick", (0.26, 0.68), (0.74, 0.68), (0.66, 1.0), (0.34, 1.0)),
    ]
    shapes += [
        ellipse(petal, px, py, 0.1, 0.1) for px, py in arc_points(0.5, 0.22, 0.14, 0.14)[::5]
    ]
    return [*shapes, ellipse("light", 0.5, 0.22, 0.08, 0.08)]


def parcel(rng: Random) -> list[Shape]:
    """Draw a wrapped box with a bow."""
    role, ribbon = rng.choice((("brand", "light"), ("tomato", "white"), ("leaf", "accent")))
    return [
        box(role, 0.1, 0.34, 0.9, 1.0),
        box(ribbon, 0.44, 0.34, 0.56, 1.0),
        box(role, 0.05, 0.28, 0.95, 0.44),
        box(ribbon, 0.44, 0.28, 0.56, 0.44),
        polygon(ribbon, (0.5, 0.28), (0.24, 0.06), (0.2, 0.26)),
        polygon(ribbon, (0.5, 0.28), (0.76, 0.06), (0.8, 0.26)),
    ]


#: Food, a chart, screens and patterns.
UNRELATED: tuple[Figure, ...] = (
    pizza,
    burger,
    ice_cream,
    curve,
    screenshot,
    chat,
    checks,
    dots,
    stripes,
)
#: What may lie about in any image.
SMALL_THINGS: tuple[Figure, ...] = (cup, ice_cream, fruit, balloon, ball, plant, parcel)
