"""Figure 8: samples with their images, gold, and the prediction of each system."""

import textwrap
from typing import TYPE_CHECKING, cast

import numpy as np

from gmf.core.types import Entity
from gmf.data.images import UnusableImageError, open_image
from gmf.evaluation.pairs import SampleSpans
from gmf.experiments.suite.reporting.cases import RULE_OF_CHOICE, Case, CaseStudy, is_right
from gmf.experiments.suite.reporting.figures.style import Theme
from gmf.experiments.suite.reporting.names import dataset_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = f"Figure 8. Case studies. {RULE_OF_CHOICE}"
_LINE_LETTERS = 84
_LINE_INCHES = 0.21
_MAX_SIDE_PX = 400


def draw_cases(dataset: str, *, study: CaseStudy, theme: Theme) -> "Figure":
    """Return Figure 8 of one data set: a row a case, the image at the left.

    Args:
        dataset: Its name.
        study: At least one case.
        theme: Colours.
    """
    from matplotlib.figure import Figure

    lines = [_lines(case, theme) for case in study.cases]
    heights = [max(1.9, _LINE_INCHES * (len(text) + 1.5)) for text in lines]
    figure = Figure(figsize=(10, sum(heights) + 0.5), layout="constrained")
    title = f"{dataset_name(dataset)}, seed {study.seed}"
    figure.suptitle(title, fontsize=12, fontweight="bold", x=0.01, ha="left")
    rows = figure.subplots(
        len(lines), 2, squeeze=False, height_ratios=heights, width_ratios=(2, 7.6)
    )
    for case, text, height, (left, right) in zip(study.cases, lines, heights, rows, strict=True):
        _image(left, case, theme)
        _text(right, text, height)
    return figure


def _image(axes: "Axes", case: Case, theme: Theme) -> None:
    axes.set_axis_off()
    axes.set_anchor("NW")
    try:
        images = [open_image(image.source) for image in case.sample.images[:1]]
    except UnusableImageError:
        images = []
    for image in images:
        image.thumbnail((_MAX_SIDE_PX, _MAX_SIDE_PX))
        axes.imshow(np.asarray(image))
    if not images:
        axes.text(0.5, 0.5, "no image", ha="center", va="center", color=theme.soft)


#: Text, colour and whether it is bold.
_Line = tuple[str, str, bool]


def _lines(case: Case, theme: Theme) -> list[_Line]:
    first = case.answers[0][1]
    lines: list[_Line] = [(case.title, theme.first, True)]
    words = drawable(" ".join(first.tokens))
    lines += [(line, theme.ink, False) for line in textwrap.wrap(words, _LINE_LETTERS)]
    lines += _answer("Gold", first, first.gold, theme.soft)
    for name, answer in case.answers:
        colour = theme.right if is_right(answer) else theme.wrong
        mark = "✓" if is_right(answer) else "✗"
        lines += _answer(f"{mark} {name}", answer, answer.predicted, colour)
    return lines


def _answer(
    name: str, spans: SampleSpans, entities: tuple[Entity, ...], colour: str
) -> list[_Line]:
    listed = "; ".join(map(spans.show, entities)) or "nothing"
    wrapped = textwrap.wrap(
        drawable(f"{name}: {listed}"), _LINE_LETTERS, subsequent_indent="      "
    )
    return [(line, colour, False) for line in wrapped]


def _text(axes: "Axes", lines: list[_Line], height: float) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, height)
    for row, (text, colour, is_bold) in enumerate(lines):
        axes.text(
            0,
            height - (row + 0.5) * _LINE_INCHES,
            text,
            color=colour,
            fontweight="bold" if is_bold else "normal",
            va="center",
            fontsize=9.5,
        )


def drawable(text: str) -> str:
    """Return text with a box for every letter that the figures' font lacks."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    drawn = cast(dict[int, int], get_font(findfont(FontProperties("DejaVu Sans"))).get_charmap())
    return "".join(letter if ord(letter) in drawn else "□" for letter in text)
