"""Tables of systems by group of posts and by control."""

from collections.abc import Mapping

from gmf.evaluation.reports.tables import Cell, Percent, Table
from gmf.evaluation.significance import SeedSummary
from gmf.experiments.suite.reporting.names import dataset_name, system_name
from gmf.experiments.suite.reporting.post_groups import (
    Compared,
    Grouping,
    GroupResults,
    Scored,
    group_title,
)
from gmf.experiments.suite.reporting.results import ROUNDS

_F1 = "Percent; lenient micro F1, mean ± sample deviation over seeds."
_P = (
    f"p: approximate randomisation over posts, {ROUNDS} rounds, on the seeds that both have; "
    "p Holm: adjusted for all comparisons of this table."
)
_ECE = (
    "Percent; expected calibration error of entity confidences, ten bins, mean ± sample deviation "
    "over seeds."
)


def group_tables(groups: GroupResults, *, dataset: str) -> dict[str, Table]:
    """Return tables by file stem: F1, gains over BERT-CRF, controls and calibration by group.

    Args:
        groups: The systems by group of posts.
        dataset: Name of the data set.
    """
    tables: dict[str, Table] = {}
    for grouping in groups.groupings:
        by = f" by {grouping.name}" if grouping.name else ""
        name, few, suffix = dataset_name(dataset), grouping.has_few, grouping.stem
        if grouping.name:
            tables[f"groups-{dataset}{suffix}"] = Table(
                f"Systems on {name}{by}",
                ("", "runs", *_headings(grouping)),
                tuple(_f1_row(system, grouping) for system in groups.systems),
                f"{_F1} With the number of posts.",
            )
        gains = groups.gains(grouping) if grouping.name and few else {}
        if gains:
            tables[f"gains-{dataset}{suffix}"] = _differences_table(
                f"Gain over BERT-CRF on {name}{by}", grouping, gains
            )
        if groups.controlled and few:
            tables[f"controls-{dataset}{suffix}"] = Table(
                f"What images contribute on {name}{by}",
                ("", "runs", *_headings(grouping)),
                tuple(_f1_row(scored, grouping) for scored in groups.controlled),
                _F1,
            )
            tables[f"changes-{dataset}{suffix}"] = _differences_table(
                f"Other images minus real ones on {name}{by}", grouping, groups.changes(grouping)
            )
        rows = tuple(filter(None, (_ece_row(s, grouping) for s in _calibrated(groups))))
        if rows and few and (grouping.name or groups.controlled):
            tables[f"calibration-{dataset}{suffix}"] = Table(
                f"Calibration on {name}{by}", ("", "runs", *_headings(grouping)), rows, _ECE
            )
    return tables


def _headings(grouping: Grouping) -> tuple[str, ...]:
    return tuple(f"{group_title(group)} ({mask.sum()})" for group, mask in grouping.masks.items())


def _calibrated(groups: GroupResults) -> list[Scored]:
    """Return every system, under each of its controls."""
    controlled = {scored.variant for scored in groups.controlled}
    return [*(s for s in groups.systems if s.variant not in controlled), *groups.controlled]


def _name(scored: Scored) -> str:
    name = system_name(scored.variant)
    return name if scored.control == "real" else f"{name}, {scored.control}"


def _f1_row(scored: Scored, grouping: Grouping) -> tuple[Cell, ...]:
    found = (scored.f1(mask) for mask in grouping.masks.values())
    cells = (f1 and _percent(f1) for f1 in found)
    return (_name(scored), len(scored.runs), *cells)


def _ece_row(scored: Scored, grouping: Grouping) -> tuple[Cell, ...] | None:
    errors = [scored.expected_error(mask) for mask in grouping.masks.values()]
    if all(error is None for error in errors):
        return None
    return (_name(scored), len(scored.runs), *(e and _percent(e) for e in errors))


def _differences_table(
    title: str, grouping: Grouping, compared: Mapping[tuple[str, str], Compared]
) -> Table:
    names = dict.fromkeys(name for name, _ in compared)
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        variant, _, control = name.partition(", ")
        system = f"{system_name(variant)}, {control}" if control else system_name(variant)
        cells: list[Cell] = []
        for group in grouping.masks:
            item = compared.get((name, group))
            shown = item and Percent(item.f1.difference, is_signed=True)
            cells += [shown, item and item.adjusted_p]
        rows.append((system, *cells))
    headings = (h for group in grouping.masks for h in (group_title(group), "p Holm"))
    return Table(title, ("", *headings), tuple(rows), f"Percent; difference of mean F1. {_P}")


def _percent(summary: SeedSummary) -> Percent:
    return Percent(summary.mean, summary.deviation if len(summary.values) > 1 else None)
