from random import Random

import pytest
from gmf_demo.drawing.palettes import Palette, toning
from gmf_demo.drawing.scene import FIGURES, SIDES_PX, draw_image
from gmf_demo.drawing.shapes import extent, lettering, moved, polygon, stroke
from gmf_demo.drawing.styles import (
    DEV_STYLES,
    STYLES_OF_SPLIT,
    TEST_STYLES,
    TRAIN_STYLES,
)
from gmf_demo.drawing.unrelated import SMALL_THINGS
from gmf_demo.pair_kinds import CONTENTS

ALL_STYLES = TRAIN_STYLES + DEV_STYLES + TEST_STYLES
ALL_FIGURES = sorted(
    {f for figures in FIGURES.values() for f in figures} | set(SMALL_THINGS),
    key=lambda figure: figure.__name__,
)


@pytest.mark.parametrize("figure", ALL_FIGURES, ids=lambda figure: figure.__name__)
def test_figures_stay_near_their_square_and_use_known_colours(figure):
    palette = Palette(Random(0), tone="natural")
    for seed in range(8):
        shapes = figure(Random(seed))
        left, top, right, bottom = extent(shapes)
        assert min(left, top) > -0.12
        assert max(right, bottom) < 1.12
        assert all(len(palette[shape.role]) == 3 for shape in shapes)


@pytest.mark.parametrize("style", ALL_STYLES, ids=lambda style: style.name)
def test_every_style_draws_a_picture_with_contrast(style):
    drawing = draw_image("person", style=style, rng=Random(3))
    assert drawing.image.mode == "RGB"
    assert set(drawing.image.size) <= set(SIDES_PX)
    grey = drawing.image.convert("L").getextrema()
    assert grey[1] - grey[0] > 60


@pytest.mark.parametrize("style", ALL_STYLES, ids=lambda style: style.name)
def test_tones_of_every_style_exist(style):
    for tone in style.tones:
        assert len(toning(tone, Random(0))((10, 20, 30))) == 3


def test_no_style_serves_two_splits():
    names = [style.name for styles in STYLES_OF_SPLIT.values() for style in styles]
    assert len(names) == len(set(names))


def test_layout_does_not_depend_on_what_is_drawn():
    for seed in range(20):
        drawings = [draw_image(c, style=TRAIN_STYLES[0], rng=Random(seed)) for c in CONTENTS]
        assert len({(p.image.size, p.boxes) for p in drawings}) == 1
        assert len({p.image.tobytes() for p in drawings}) == len(CONTENTS)


def test_boxes_lie_inside_and_the_main_one_is_first():
    for seed in range(60):
        drawing = draw_image("place", style=TRAIN_STYLES[0], rng=Random(seed))
        width, height = drawing.image.size
        areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in drawing.boxes]
        assert 1 <= len(areas) <= 3
        assert areas[0] == max(areas)
        for left, top, right, bottom in drawing.boxes:
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height


def test_the_main_box_holds_the_figure():
    with_figure = draw_image("animal", style=TRAIN_STYLES[0], rng=Random(5)).image
    other = draw_image("work", style=TRAIN_STYLES[0], rng=Random(5))
    left, top, right, bottom = other.boxes[0]
    inside = changed = 0
    for x in range(0, other.image.width, 4):
        for y in range(0, other.image.height, 4):
            if other.image.getpixel((x, y)) != with_figure.getpixel((x, y)):
                changed += 1
                inside += left <= x <= right and top <= y <= bottom
    assert inside / changed > 0.9


def test_the_same_seed_draws_the_same_pixels():
    for style in ALL_STYLES:
        first, second = (draw_image("work", style=style, rng=Random(9)) for _ in range(2))
        assert first.image.tobytes() == second.image.tobytes()
        assert first.boxes == second.boxes


def test_moving_scales_strokes_with_the_smaller_side():
    placed = moved([stroke("ink", 0.1, (0, 0), (1, 1))], left=10, top=20, width=100, height=50)
    assert placed[0].points == ((10, 20), (110, 70))
    assert placed[0].stroke == pytest.approx(5)


def test_extent_counts_half_of_a_stroke():
    shapes = [polygon("ink", (0.2, 0.2), (0.4, 0.3)), stroke("ink", 0.2, (0.5, 0.5), (0.6, 0.5))]
    assert extent(shapes) == pytest.approx((0.2, 0.2, 0.7, 0.6))


def test_letters_without_strokes_are_refused():
    with pytest.raises(KeyError, match="Q"):
        lettering("ink", "AQ", 0, 0, 1, 1, width=0.1)
