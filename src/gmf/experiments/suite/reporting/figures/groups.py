"""Figures by group of posts: gains over BERT-CRF, and calibration with right and wrong images."""

from collections.abc import Sequence
from math import nan
from textwrap import wrap
from typing import TYPE_CHECKING

from gmf.experiments.suite.reporting.figures.style import Theme
from gmf.experiments.suite.reporting.names import GMF, TEXT_BASELINE, system_name
from gmf.experiments.suite.reporting.post_groups import Compared, Grouping, Scored, group_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAINS = (
    "F1 minus that of BERT-CRF on the posts of each group, mean over the seeds that both have; "
    "whiskers: 95% paired bootstrap interval over posts."
)
CALIBRATION = (
    "Expected calibration error of entity confidences with the right images, and with those of "
    "other posts; mean over seeds, whiskers: sample deviation."
)


def draw_gains(
    grouping: Grouping, *, gains: dict[tuple[str, str], Compared], theme: Theme
) -> "Figure":
    """Return a panel a group, a bar a system.

    Args:
        grouping: The groups.
        gains: By variant and group.
        theme: Colours.
    """
    from matplotlib.figure import Figure

    variants = list(dict.fromkeys(variant for variant, _ in gains))[::-1]
    size = (2.2 + 2.4 * len(grouping.masks), 1.3 + 0.3 * len(variants))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(grouping.masks), sharex=True, sharey=True, squeeze=False)[0]
    for axes, group in zip(panels, grouping.masks, strict=True):
        found = [gains.get((variant, group)) for variant in variants]
        values = [100 * item.f1.difference if item else nan for item in found]
        colours = [theme.first if v == GMF else theme.rest for v in variants]
        spread = [_reach(item) for item in found]
        axes.barh(
            range(len(variants)),
            values,
            xerr=list(zip(*spread, strict=True)),
            color=colours,
            **_bar(theme, height=0.7),
        )
        axes.axvline(0, color=theme.ink, linewidth=1)
        axes.set_title(_title(group), fontsize=9.5)
        axes.set_xlabel(f"F1 - {system_name(TEXT_BASELINE)}")
        axes.grid(False, axis="y")
    panels[0].set_yticks(range(len(variants)), [system_name(variant) for variant in variants])
    return figure


def draw_calibration(
    grouping: Grouping, *, right: Sequence[Scored], wrong: Sequence[Scored], theme: Theme
) -> "Figure":
    """Return a panel a group, two bars a system.

    Args:
        grouping: The groups.
        right: Systems with their images.
        wrong: The same systems with images of other posts.
        theme: Colours.
    """
    from matplotlib.figure import Figure

    size = (2.2 + 2.4 * len(grouping.masks), 1.6 + 0.42 * len(right))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(grouping.masks), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (group, mask) in zip(panels, grouping.masks.items(), strict=True):
        for offset, label, colour, systems in (
            (0.19, "right images", theme.first, right),
            (-0.19, "images of other posts", theme.second, wrong),
        ):
            errors = [system.expected_error(mask) for system in reversed(systems)]
            axes.barh(
                [position + offset for position in range(len(systems))],
                [100 * error.mean if error else nan for error in errors],
                xerr=[100 * error.spread if error else nan for error in errors],
                color=colour,
                label=label,
                **_bar(theme, height=0.36),
            )
        axes.set_title(_title(group), fontsize=9.5)
        axes.set_xlabel("calibration error, %")
        axes.grid(False, axis="y")
    _named(panels[0], right)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _reach(item: Compared | None) -> tuple[float, float]:
    """Return how far the interval reaches to either side."""
    if item is None:
        return nan, nan
    interval, difference = item.f1.interval, item.f1.difference
    return 100 * max(difference - interval.low, 0), 100 * max(interval.high - difference, 0)


def _title(group: str) -> str:
    """Return the title of a panel in lines that its width holds."""
    return "\n".join(wrap(group_title(group), width=28))


def _named(axes: "Axes", systems: Sequence[Scored]) -> None:
    names = [system_name(system.variant) for system in reversed(systems)]
    axes.set_yticks(range(len(names)), names)


def _bar(theme: Theme, *, height: float) -> dict[str, object]:
    whisker = {"ecolor": theme.ink, "elinewidth": 1.2, "capthick": 1.2, "capsize": 2.5}
    return {"height": height, "error_kw": whisker}
