"""Which figures there are for what has runs."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from gmf.experiments.suite.reporting.cases import CaseStudy
from gmf.experiments.suite.reporting.corrected_entities import Corrections, corrections_of
from gmf.experiments.suite.reporting.figures import case_panels, counts, learning, sweep
from gmf.experiments.suite.reporting.figures import groups as group_plots
from gmf.experiments.suite.reporting.figures.style import Drawing, save_figure
from gmf.experiments.suite.reporting.names import GMF, dataset_name
from gmf.experiments.suite.reporting.page import PlacedFigure
from gmf.experiments.suite.reporting.post_groups import ALL, GroupResults
from gmf.experiments.suite.reporting.results import SuiteResults, SystemResults
from gmf.experiments.suite.reporting.sweeps import swept

#: The paper's data sets share figures, as there.
_PAPER = ("twitter2015", "twitter2017")


def dataset_figures(
    results: SuiteResults, *, dataset: str, study: CaseStudy | None, folder: Path
) -> list[PlacedFigure]:
    """Write the figures of one data set and return those that the page shows as images.

    Figure 8 is written too; the page has its cases as text.

    Args:
        results: All runs.
        dataset: The data set.
        study: Its cases.
        folder: Where the files go.
    """
    if study is not None and study.cases:
        save_figure(
            partial(case_panels.draw_cases, dataset, study=study),
            folder / f"figure-8-{dataset}",
        )
    placed: list[PlacedFigure] = []
    if dataset not in _PAPER:
        placed += _learning(results, [dataset], folder, f"-{dataset}")
        placed += _corrections(results, [dataset], folder, f"-{dataset}")
    sweeps = swept(results, dataset=dataset)
    if sweeps:
        drawing = partial(sweep.draw_sweeps, dataset, sweeps=sweeps)
        title = f"Sweeps on {dataset_name(dataset)}"
        placed.append(_placed(f"sweeps-{dataset}", title, sweep.CAPTION, drawing, folder))
    return placed


def shared_figures(results: SuiteResults, *, folder: Path) -> list[PlacedFigure]:
    """Write Figures 7 and 9 of the paper's data sets and return them."""
    datasets = [name for name in _PAPER if name in results.datasets]
    return [
        *_learning(results, datasets, folder, ""),
        *_corrections(results, datasets, folder, ""),
    ]


def group_figures(groups: GroupResults, *, dataset: str, folder: Path) -> list[PlacedFigure]:
    """Write the figures by group of posts and return them.

    Args:
        groups: The systems by group of posts.
        dataset: The data set.
        folder: Where the files go.
    """
    placed: list[PlacedFigure] = []
    name = dataset_name(dataset)
    wrong = [scored for scored in groups.controlled if scored.control == "shuffled"]
    shuffled = {scored.variant for scored in wrong}
    right = [scored for scored in groups.systems if scored.variant in shuffled]
    wrong = [next(w for w in wrong if w.variant == scored.variant) for scored in right]
    for grouping in groups.groupings:
        if not grouping.has_few:
            continue
        stem = dataset + grouping.stem
        gains = groups.gains(grouping) if grouping.name else {}
        if gains:
            drawing = partial(group_plots.draw_gains, grouping, gains=gains)
            title = f"Gain over BERT-CRF on {name} by {grouping.name}"
            placed.append(_placed(f"gains-{stem}", title, group_plots.GAINS, drawing, folder))
        if right and all(scored.expected_error(grouping.masks[ALL]) for scored in right):
            drawing = partial(group_plots.draw_calibration, grouping, right=right, wrong=wrong)
            by = f" by {grouping.name}" if grouping.name else ""
            title = f"Calibration with right and wrong images on {name}{by}"
            caption = group_plots.CALIBRATION
            placed.append(_placed(f"calibration-{stem}", title, caption, drawing, folder))
    return placed


def _learning(
    results: SuiteResults, datasets: Sequence[str], folder: Path, suffix: str
) -> list[PlacedFigure]:
    candidates = [results.get(dataset, variant=GMF) for dataset in datasets]
    systems: list[SystemResults] = [system for system in candidates if system is not None]
    if not systems:
        return []
    drawing = partial(learning.draw_learning, systems)
    return [_placed(f"figure-7{suffix}", "Learning curves", learning.CAPTION, drawing, folder)]


def _corrections(
    results: SuiteResults, datasets: Sequence[str], folder: Path, suffix: str
) -> list[PlacedFigure]:
    counted: list[tuple[str, list[Corrections]]] = [
        (dataset, corrections_of(results, dataset=dataset)) for dataset in datasets
    ]
    shown = [(dataset, corrections) for dataset, corrections in counted if corrections]
    if not shown:
        return []
    drawing = partial(counts.draw_counts, shown)
    title = "Multimodal systems against BERT-CRF"
    return [_placed(f"figure-9{suffix}", title, counts.CAPTION, drawing, folder)]


def _placed(name: str, title: str, caption: str, drawing: Drawing, folder: Path) -> PlacedFigure:
    return PlacedFigure(name, title, caption, save_figure(drawing, folder / name))
