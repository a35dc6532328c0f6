"""Figure 9: entities that BERT-CRF misses and multimodal systems find, and the reverse."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gmf.evaluation.significance import SeedSummary
from gmf.experiments.suite.reporting.corrected_entities import Corrections
from gmf.experiments.suite.reporting.figures.style import Theme
from gmf.experiments.suite.reporting.names import GMF, dataset_name, system_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = (
    "Figure 9. Gold entities of the test split that BERT-CRF gets wrong and each multimodal system "
    "gets right (above), and the reverse (below); span and type exact, lenient. Mean over seeds, "
    "whiskers: sample deviation; BERT-CRF and the other system of the same seed."
)


def draw_counts(datasets: Sequence[tuple[str, Sequence[Corrections]]], *, theme: Theme) -> "Figure":
    """Return Figure 9: a column a data set, lettered row by row, with two as in the paper.

    Args:
        datasets: Name and counts of each, at least one with at least one system.
        theme: Colours.
    """
    from matplotlib.figure import Figure

    longest = max(len(counts) for _, counts in datasets)
    size = (1 + 4.4 * len(datasets), 1.6 + 0.68 * longest)
    figure = Figure(figsize=size, layout="constrained")
    rows = figure.subplots(2, len(datasets), squeeze=False)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for row, (verdict, pick) in enumerate(
        [
            ("BERT-CRF wrong, system right", lambda item: item.corrected),
            ("BERT-CRF right, system wrong", lambda item: item.broken),
        ]
    ):
        for column, (dataset, counts) in enumerate(datasets):
            axes = rows[row][column]
            _bars(axes, [(item.variant, pick(item)) for item in counts], theme)
            axes.set_title(f"({next(letters)}) {dataset_name(dataset)}: {verdict}", fontsize=9.5)
            axes.set_xlabel("entities" if row else "")
    return figure


def _bars(axes: "Axes", counts: Sequence[tuple[str, SeedSummary]], theme: Theme) -> None:
    shown = list(reversed(counts))
    means = [summary.mean for _, summary in shown]
    deviations = [summary.deviation for _, summary in shown]
    spreads = [summary.spread for _, summary in shown]
    colours = [theme.first if variant == GMF else theme.rest for variant, _ in shown]
    names = [system_name(variant) for variant, _ in shown]
    axes.barh(
        names,
        means,
        xerr=spreads,
        color=colours,
        height=0.7,
        error_kw={"ecolor": theme.ink, "elinewidth": 1.2, "capthick": 1.2, "capsize": 2.5},
    )
    room = max((m + d for m, d in zip(means, deviations, strict=True)), default=0) or 1
    for position, (mean, deviation) in enumerate(zip(means, deviations, strict=True)):
        text = f"{mean:.1f}" if mean % 1 else f"{mean:.0f}"
        axes.text(mean + deviation + 0.02 * room, position, text, va="center", fontsize=9)
    axes.set_xlim(0, 1.15 * room)
    axes.grid(False, axis="y")
