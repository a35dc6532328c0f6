"""Figure 7: dev F1 and training loss of GMF by epoch."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gmf.experiments.suite.reporting.figures.style import Theme
from gmf.experiments.suite.reporting.names import dataset_name
from gmf.experiments.suite.reporting.results import SystemResults
from gmf.experiments.suite.reporting.sweeps import dev_f1

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = (
    "Figure 7. F1 of GMF on the development set (lenient) and loss on the training set, by epoch: "
    "mean over seeds, the band from the lowest to the highest seed, dots where each seed's kept "
    "epoch is. Where some seeds have stopped, the mean is of the others (dashed)."
)


def draw_learning(systems: Sequence[SystemResults], *, theme: Theme) -> "Figure":
    """Return Figure 7: a column a data set, F1 above, loss below.

    Args:
        systems: GMF on each data set, at least one.
        theme: Colours.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.6 + 4.2 * len(systems), 5.2), layout="constrained")
    rows = figure.subplots(2, len(systems), sharex="col", squeeze=False)
    for column, system in enumerate(systems):
        runs = [run.epochs for run in system.runs.values()]
        above, below = rows[0][column], rows[1][column]
        _curve(above, runs, lambda row: 100 * dev_f1(row), theme.first)
        _curve(below, runs, lambda row: float(row["losses"]["total"]), theme.second)
        for run in runs:
            best = max(run, key=dev_f1)
            above.plot(
                best["epoch"], 100 * dev_f1(best), "o", color=theme.first, mec=theme.paper, ms=7
            )
        count = f"{len(runs)} seeds" if len(runs) > 1 else "1 seed"
        above.set_title(f"{dataset_name(system.dataset)} ({count})")
        below.set_xlabel("epoch")
        below.xaxis.get_major_locator().set_params(integer=True)
    rows[0][0].set_ylabel("dev F1, percent")
    rows[1][0].set_ylabel("training loss")
    return figure


def mean_and_band(
    runs: Sequence[Sequence[float]],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return mean, lowest and highest value of each epoch, over the runs that reached it."""
    columns = [
        [run[epoch] for run in runs if epoch < len(run)] for epoch in range(max(map(len, runs)))
    ]
    mean = np.array([sum(column) / len(column) for column in columns], dtype=np.float64)
    low = np.array([min(column) for column in columns], dtype=np.float64)
    high = np.array([max(column) for column in columns], dtype=np.float64)
    return mean, low, high


def _curve(
    axes: "Axes",
    runs: Sequence[Sequence[Mapping[str, Any]]],
    value: Callable[[Mapping[str, Any]], float],
    colour: str,
) -> None:
    mean, low, high = mean_and_band([[value(row) for row in run] for run in runs])
    epochs = np.arange(1, len(mean) + 1)
    whole = min(map(len, runs))
    axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(epochs[:whole], mean[:whole], color=colour)
    axes.plot(epochs[whole - 1 :], mean[whole - 1 :], color=colour, linestyle="--", linewidth=1.5)
