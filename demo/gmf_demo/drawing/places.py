"""Places: buildings and landscapes."""

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


def windows(
    left: float, top: float, right: float, bottom: float, columns: int, rows: int
) -> list[Shape]:
    """Draw a grid of windows."""
    w, h = (right - left) / columns, (bottom - top) / rows
    return [
        box(
            "window",
            left + (i + 0.25) * w,
            top + (j + 0.2) * h,
            left + (i + 0.75) * w,
            top + (j + 0.75) * h,
            is_detail=True,
        )
        for i in range(columns)
        for j in range(rows)
    ]


def tree(x: float, base: float, height: float, *, is_fir: bool) -> list[Shape]:
    """Draw a fir or a round tree."""
    trunk = box("wood", x - 0.06 * height, base - 0.3 * height, x + 0.06 * height, base)
    if not is_fir:
        return [trunk, ellipse("leaf", x, base - 0.65 * height, 0.32 * height, 0.36 * height)]
    tiers = [
        polygon(
            "leaf",
            (x, base - (0.55 + 0.22 * i + 0.03) * height),
            (x + (0.34 - 0.08 * i) * height, base - (0.2 + 0.22 * i) * height),
            (x - (0.34 - 0.08 * i) * height, base - (0.2 + 0.22 * i) * height),
        )
        for i in range(3)
    ]
    return [trunk, *tiers]


def skyline(rng: Random) -> list[Shape]:
    """Draw a row of towers."""
    count, shapes = rng.randint(3, 5), list[Shape]()
    edges = [i / count for i in range(count + 1)]
    order = list(range(count))
    rng.shuffle(order)
    for n, i in enumerate(order):
        left, right = max(0.0, edges[i] - 0.03), min(1.0, edges[i + 1] + 0.03)
        top = rng.uniform(0.08, 0.5)
        shapes.append(box(rng.choice(("wall", "stone", "brick")), left, top, right, 0.96))
        roof = rng.choice(("flat", "mast", "point", "step"))
        middle = (left + right) / 2
        if roof == "mast":
            shapes.append(stroke("ink", 0.015, (middle, top), (middle, max(0.0, top - 0.12))))
        elif roof == "point":
            shapes.append(
                polygon("roof", (left, top), (middle, max(0.0, top - 0.12)), (right, top))
            )
        elif roof == "step":
            shapes.append(box("stone", left + 0.04, max(0.0, top - 0.06), right - 0.04, top))
        shapes += windows(
            left + 0.02, top + 0.04, right - 0.02, 0.92, rng.randint(2, 4), rng.randint(5, 8)
        )
        if n == count - 1:
            shapes.append(box("ink", middle - 0.035, 0.86, middle + 0.035, 0.96))
    return [*shapes, box("ground", 0.0, 0.95, 1.0, 1.0)]


def house(rng: Random) -> list[Shape]:
    """Draw a house with a pitched roof, a door and a tree."""
    left, right = 0.1, 0.84
    door = rng.uniform(0.35, 0.6)
    chimney = rng.uniform(0.6, 0.7)
    shapes = [
        box("ground", 0.0, 0.93, 1.0, 1.0),
        box("brick", chimney, 0.12, chimney + 0.09, 0.4),
        box(rng.choice(("wall", "brick", "stone")), left, 0.44, right, 0.95),
        polygon("roof", (left - 0.07, 0.46), (0.3, 0.12), (0.64, 0.12), (right + 0.07, 0.46))
        if rng.random() < 0.5
        else polygon("roof", (left - 0.07, 0.46), ((left + right) / 2, 0.06), (right + 0.07, 0.46)),
        box("wood", door, 0.68, door + 0.13, 0.95),
    ]
    for x in (0.16, 0.66):
        shapes += [
            box("window", x, 0.53, x + 0.13, 0.68),
            stroke("white", 0.012, (x + 0.065, 0.53), (x + 0.065, 0.68)),
            stroke("white", 0.012, (x, 0.605), (x + 0.13, 0.605)),
        ]
    return shapes + tree(0.92, 0.97, rng.uniform(0.35, 0.5), is_fir=rng.random() < 0.5)


def church(rng: Random) -> list[Shape]:
    """Draw a nave with a steeple."""
    wall = rng.choice(("wall", "stone"))
    shapes = [
        box("ground", 0.0, 0.94, 1.0, 1.0),
        box(wall, 0.34, 0.55, 0.96, 0.96),
        polygon("roof", (0.3, 0.57), (0.4, 0.38), (0.92, 0.38), (1.0, 0.57)),
        box(wall, 0.1, 0.36, 0.36, 0.96),
        polygon("roof", (0.07, 0.38), (0.23, 0.08), (0.39, 0.38)),
        stroke("ink", 0.014, (0.23, 0.09), (0.23, 0.0)),
        stroke("ink", 0.014, (0.195, 0.03), (0.265, 0.03)),
        ellipse("white", 0.23, 0.46, 0.06, 0.06),
        stroke("ink", 0.012, (0.23, 0.42), (0.23, 0.46), (0.26, 0.47)),
        polygon("wood", *arc_points(0.23, 0.82, 0.07, 0.09, 180, 360), (0.3, 0.96), (0.16, 0.96)),
    ]
    for x in (0.46, 0.62, 0.78):
        arch = arc_points(x + 0.045, 0.69, 0.045, 0.07, 180, 360)
        shapes.append(polygon("window", *arch, (x + 0.09, 0.85), (x, 0.85)))
    return shapes


def castle(rng: Random) -> list[Shape]:
    """Draw towers with battlements around a gate."""
    stone = rng.choice(("stone", "wall"))
    shapes = [box("ground", 0.0, 0.94, 1.0, 1.0), box(stone, 0.15, 0.5, 0.85, 0.96)]
    shapes += [box(stone, 0.18 + 0.11 * i, 0.44, 0.24 + 0.11 * i, 0.51) for i in range(6)]
    for left, top in ((0.04, 0.3), (0.74, 0.3), (0.4, 0.2)):
        shapes.append(box(stone, left, top, left + 0.22, 0.96 if top > 0.25 else 0.6))
        if rng.random() < 0.5:
            shapes.append(
                polygon("roof", (left - 0.03, top), (left + 0.11, top - 0.2), (left + 0.25, top))
            )
        else:
            shapes += [
                box(stone, left + 0.08 * i, top - 0.06, left + 0.05 + 0.08 * i, top)
                for i in range(3)
            ]
        shapes.append(box("ink", left + 0.08, top + 0.09, left + 0.13, top + 0.2, is_detail=True))
    gate = polygon("wood", *arc_points(0.5, 0.78, 0.1, 0.12, 180, 360), (0.6, 0.96), (0.4, 0.96))
    return [*shapes, gate, stroke("ink", 0.012, (0.5, 0.67), (0.5, 0.96))]


def lighthouse(rng: Random) -> list[Shape]:
    """Draw a striped tower on a rock by the sea."""
    shapes = [
        polygon("water", *arc_points(0.5, 0.97, 0.5, 0.12, 180, 360)),
        polygon("stone", (0.12, 0.98), (0.25, 0.82), (0.5, 0.78), (0.76, 0.84), (0.9, 0.98)),
    ]
    stripe = rng.choice(("roof", "accent"))
    for i in range(5):
        top, bottom = 0.25 + 0.115 * i, 0.25 + 0.115 * (i + 1)
        a, b = 0.09 + 0.014 * i, 0.09 + 0.014 * (i + 1)
        role = stripe if i % 2 == 0 else "white"
        shapes.append(
            polygon(role, (0.5 - a, top), (0.5 + a, top), (0.5 + b, bottom), (0.5 - b, bottom))
        )
    shapes += [
        box("light", 0.44, 0.13, 0.56, 0.25),
        polygon("roof", (0.41, 0.14), (0.5, 0.02), (0.59, 0.14)),
        polygon("light", (0.56, 0.18), (1.0, 0.06), (1.0, 0.26)),
        box("wood", 0.62, 0.68, 0.8, 0.84),
        polygon("roof", (0.59, 0.69), (0.71, 0.58), (0.83, 0.69)),
    ]
    return shapes


def bridge(rng: Random) -> list[Shape]:
    """Draw a suspension bridge over water."""
    left, right, deck = 0.24, 0.76, rng.uniform(0.6, 0.66)
    metal = rng.choice(("roof", "metal", "stone"))
    shapes = [box("water", 0.0, 0.82, 1.0, 1.0)]
    for x in (left, right):
        shapes += [
            box(metal, x - 0.045, 0.12, x - 0.015, 0.92),
            box(metal, x + 0.015, 0.12, x + 0.045, 0.92),
        ]
        shapes += [box(metal, x - 0.045, y, x + 0.045, y + 0.03) for y in (0.14, 0.32, 0.48)]
    cable = [
        (left + (right - left) * t / 10, 0.14 + 1.68 * (t / 10) * (1 - t / 10)) for t in range(11)
    ]
    shapes += [
        stroke(metal, 0.016, *cable),
        stroke(metal, 0.016, (0.0, 0.56), (left, 0.14)),
        stroke(metal, 0.016, (right, 0.14), (1.0, 0.56)),
    ]
    shapes += [stroke(metal, 0.008, (x, y), (x, deck)) for x, y in cable[1:-1]]
    return [*shapes, box("ink", 0.0, deck, 1.0, deck + 0.05), *hills(rng)]


def hills(rng: Random) -> list[Shape]:
    """Draw small waves at the foot of a bridge."""
    return [
        stroke("white", 0.01, (x, y), (x + 0.06, y - 0.015), (x + 0.12, y))
        for x, y in ((rng.uniform(0, 0.85), rng.uniform(0.86, 0.97)) for _ in range(4))
    ]


def mountains(rng: Random) -> list[Shape]:
    """Draw snowy peaks with a lake or firs in front."""
    shapes: list[Shape] = []
    peaks = [
        (0.28, rng.uniform(0.12, 0.3), 0.3),
        (0.72, rng.uniform(0.15, 0.35), 0.28),
        (0.5, rng.uniform(0.02, 0.14), 0.36),
    ]
    for x, top, half in peaks:
        left, right = max(0.0, x - half), min(1.0, x + half)
        shapes.append(polygon("stone", (left, 0.84), (x, top), (right, 0.84)))
        snow = 0.3 * (0.84 - top)
        west, east = x - snow * (x - left) / (0.84 - top), x + snow * (right - x) / (0.84 - top)
        edge = top + snow
        jagged = ((x + 0.3 * (east - x), edge - 0.3 * snow), (x, edge + 0.1 * snow))
        notch = (x - 0.4 * (x - west), edge - 0.25 * snow)
        shapes.append(polygon("white", (x, top), (east, edge), *jagged, notch, (west, edge)))
    shapes.append(
        polygon("ground", *arc_points(0.5, 0.95, 0.5, 0.18, 180, 360), (1.0, 1.0), (0.0, 1.0))
    )
    if rng.random() < 0.5:
        shapes += [
            ellipse("water", 0.5, 0.91, 0.34, 0.06),
            stroke("white", 0.008, (0.35, 0.9), (0.5, 0.9)),
        ]
    for _ in range(rng.randint(3, 6)):
        shapes += tree(
            rng.uniform(0.08, 0.92), rng.uniform(0.86, 0.98), rng.uniform(0.2, 0.32), is_fir=True
        )
    return shapes


def temple(rng: Random) -> list[Shape]:
    """Draw a hall with columns."""
    columns = rng.randint(4, 6)
    shapes = [
        box("stone", 0.02, 0.9, 0.98, 0.97),
        box("stone", 0.06, 0.84, 0.94, 0.91),
        box("shade", 0.12, 0.42, 0.88, 0.85),
        box("stone", 0.06, 0.34, 0.94, 0.43),
        polygon("wall", (0.03, 0.35), (0.5, 0.06), (0.97, 0.35)),
        polygon("shade", (0.2, 0.31), (0.5, 0.13), (0.8, 0.31)),
    ]
    for i in range(columns):
        x = 0.1 + 0.8 * (i + 0.5) / columns
        shapes += [
            box("white", x - 0.04, 0.43, x + 0.04, 0.85),
            box("white", x - 0.055, 0.42, x + 0.055, 0.46),
        ]
    return shapes


#: Each as likely as another; a repeated one more so.
PLACES: tuple[Figure, ...] = (
    skyline,
    skyline,
    house,
    church,
    castle,
    lighthouse,
    bridge,
    mountains,
    mountains,
    temple,
)
