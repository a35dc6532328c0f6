"""One panel a sweep: F1 of GMF by the value of one parameter."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gmf.evaluation.significance import SeedSummary
from gmf.experiments.suite.reporting.figures.style import Theme
from gmf.experiments.suite.reporting.names import dataset_name
from gmf.experiments.suite.reporting.sweeps import SweepPoint
from gmf.experiments.suite.variants import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = (
    "F1 of GMF (lenient, percent) by the value of one parameter, all others as in the tables; the "
    "large dot is GMF of the tables, on the seeds of the sweep. Mean over seeds, whiskers: sample "
    "deviation. A value must be chosen by dev, never by test."
)
_COLUMNS = 3


def draw_sweeps(
    dataset: str, *, sweeps: Sequence[tuple[Sweep, Sequence[SweepPoint]]], theme: Theme
) -> "Figure":
    """Return the panels of one data set.

    Args:
        dataset: Its name.
        sweeps: At least one, each with points.
        theme: Colours.
    """
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(sweeps))
    lines = -(-len(sweeps) // columns)
    figure = Figure(figsize=(0.8 + 3.6 * columns, 0.9 + 2.7 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).flatten()
    for axes, (sweep, points) in zip(panels, sweeps, strict=False):
        _panel(axes, sweep, points, theme)
    for axes in panels[len(sweeps) :]:
        axes.set_axis_off()
    for line in range(lines):
        panels[line * columns].set_ylabel("F1, percent")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.suptitle(dataset_name(dataset), fontsize=12, fontweight="bold", x=0.02, ha="left")
    figure.legend(handles, labels, loc="outside upper right", ncols=3)
    return figure


def _panel(axes: "Axes", sweep: Sweep, points: Sequence[SweepPoint], theme: Theme) -> None:
    names = [_named(point.value, sweep) for point in points]
    is_named = any(isinstance(point.value, str) for point in points)
    # Names have no distance: they stand side by side, without a line.
    positions = [n if is_named else float(point.value) for n, point in enumerate(points)]
    link = "" if is_named else "-"
    _series(
        axes,
        positions,
        [point.dev for point in points],
        theme.second,
        f"s{link}",
        "dev, best epoch",
    )
    _series(axes, positions, [point.test for point in points], theme.first, f"o{link}", "test")
    for position, point in zip(positions, points, strict=True):
        if point.is_default:
            axes.plot(
                position,
                100 * point.test.mean,
                "o",
                ms=11,
                color=theme.first,
                mec=theme.ink,
                label="GMF of the tables",
                linestyle="none",
            )
    if sweep.is_log:
        axes.set_xscale("log")
        axes.minorticks_off()
    elif not is_named:
        own = next((n for n, point in enumerate(points) if point.is_default), 0)
        names = _apart(positions, names, first=own)
    axes.set_xticks(positions, names, rotation=30 if is_named else 0)
    axes.margins(x=0.12, y=0.15)
    axes.set_title(sweep.title)


def _apart(positions: Sequence[float], names: Sequence[str], *, first: int) -> list[str]:
    """Return the names, empty where one would run into another; the one of ``first`` stays."""
    least = (max(positions) - min(positions)) / 8
    shown, taken = [""] * len(names), list[float]()
    for index in [first, *(n for n in range(len(names)) if n != first)]:
        if all(abs(positions[index] - other) >= least for other in taken):
            shown[index] = names[index]
            taken.append(positions[index])
    return shown


def _named(value: float | str, sweep: Sweep) -> str:
    if isinstance(value, str):
        return value
    if sweep.is_log:
        return np.format_float_scientific(value, trim="-", exp_digits=1)
    return f"{value:g}"


def _series(
    axes: "Axes",
    positions: Sequence[float],
    scores: Sequence[SeedSummary],
    colour: str,
    marker: str,
    label: str,
) -> None:
    axes.errorbar(
        positions,
        [100 * score.mean for score in scores],
        yerr=[100 * score.spread for score in scores],
        fmt=marker,
        ms=5,
        color=colour,
        capsize=3,
        elinewidth=1.2,
        label=label,
    )
