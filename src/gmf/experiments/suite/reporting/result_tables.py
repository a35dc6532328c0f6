"""The paper's Tables 1 to 4 from runs, the printed numbers beside ours."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gmf.checks.statistics import SplitStatistics
from gmf.core.tags import ordered_types
from gmf.evaluation.reports.tables import Cell, Percent, Table
from gmf.evaluation.significance import SeedSummary
from gmf.experiments.suite.reporting.names import GMF, dataset_name, system_name
from gmf.experiments.suite.reporting.reported_scores import (
    OVERALL,
    reported_doubts,
    reported_scores,
    reported_statistics,
)
from gmf.experiments.suite.reporting.results import ROUNDS, GmfComparison, SuiteResults
from gmf.experiments.suite.reporting.sweeps import swept

#: Numbers of the paper's tables of one data set.
_NUMBERS = {"twitter2015": "Table 2. ", "twitter2017": "Table 3. "}
COUNTING = (
    "Percent; exact span and type, lenient counting (as conlleval counts: a stray I- opens an "
    "entity). Mean ± sample deviation over seeds; no deviation for one run. Rows marked "
    "paper repeat the printed numbers."
)
PARTS = (
    "VCG: visual clue guidance; CSA: cross-scale attention; CM: consistency matching; w/o: without."
)
METHOD = (
    "Minus GMF: mean F1 minus that of GMF. p: two-sided paired approximate randomisation over "
    f"posts of this difference, on the seeds that both have, {ROUNDS} rounds. A post is exchanged "
    "in all seeds at once, as runs on one post are not independent; the test speaks of other "
    "posts, the deviation of other seeds. p Holm: adjusted for the number of comparisons in the "
    "table. "
    "Minutes: of training, mean of a run, on the machine that ran it."
)


def statistics_table(dataset: str, *, counts: Mapping[str, SplitStatistics]) -> Table:
    """Return Table 1 of one data set: a row an entity type, a column a split."""
    printed = reported_statistics(dataset)
    types = ordered_types({name for split in counts.values() for name in split.lenient})
    rows: dict[str, dict[str, int]] = {
        name: {split: count.lenient.get(name, 0) for split, count in counts.items()}
        for name in types
    }
    for name, field in (
        ("total", "total_lenient"),
        ("posts", "tweets"),
        ("words", "tokens"),
        ("images named", "images"),
        ("images present", "images_present"),
        ("object regions", "regions"),
    ):
        rows[name] = {split: getattr(count, field) for split, count in counts.items()}
    columns = [""]
    lines: list[list[Cell]] = [[name] for name in rows]
    for split in counts:
        columns += [split, "paper"] if printed else [split]
        for line, (name, values) in zip(lines, rows.items(), strict=True):
            line.append(values[split])
            if printed:
                line.append(printed.get(name, {}).get(split))
    return Table(
        f"Table 1. {dataset_name(dataset)}",
        tuple(columns),
        tuple(map(tuple, lines)),
        "Entities by type, posts, words, images. Entities counted leniently: a stray I- opens "
        "an entity.",
    )


def systems_table(results: SuiteResults, *, dataset: str) -> Table:
    """Return Table 2 or 3, or the like of another data set."""
    systems = results.systems(dataset)
    types = ordered_types({name for system in systems for name in system.types})
    compared = results.against_gmf(dataset)
    rows: list[tuple[Cell, ...]] = []
    for system in systems:
        rows.append(
            (
                system_name(system.variant),
                len(system.runs),
                *(_percent(system.type_f1(name)) for name in types),
                *(_percent(system.overall(measure)) for measure in OVERALL),
                *_difference(compared.get(system.variant)),
                _minutes(system.minutes),
            )
        )
        rows += _reported_row(dataset, system.variant, types)
    return Table(
        f"{_NUMBERS.get(dataset, '')}Systems on {dataset_name(dataset)}",
        ("", "runs", *types, "P", "R", "F1", "minus GMF", "p", "p Holm", "minutes"),
        tuple(rows),
        " ".join([COUNTING, METHOD, *reported_doubts(dataset)]),
        _reported_rows(rows),
    )


def ablation_table(results: SuiteResults, *, dataset: str) -> Table | None:
    """Return Table 4 of one data set; ``None`` without GMF or without any ablation."""
    gmf, ablations = results.get(dataset, variant=GMF), results.ablations(dataset)
    if gmf is None or not ablations:
        return None
    compared = results.against_gmf(dataset, ablations=True)
    rows: list[tuple[Cell, ...]] = []
    for system in (gmf, *ablations):
        comparison = compared.get(system.variant)
        bounds = comparison and comparison.f1.interval
        rows.append(
            (
                system_name(system.variant),
                len(system.runs),
                *(_percent(system.overall(measure)) for measure in OVERALL),
                *_difference(comparison),
                bounds and f"{100 * bounds.low:+.2f} to {100 * bounds.high:+.2f}",
                _minutes(system.minutes),
            )
        )
        printed, whole = (reported_scores(dataset, variant=v) for v in (system.variant, GMF))
        if printed and whole:
            less = printed.overall["f1"] - whole.overall["f1"]
            rows.append(
                (
                    f"{system_name(system.variant)}, paper",
                    None,
                    *(Percent(printed.overall[measure]) for measure in OVERALL),
                    None if system.variant == GMF else Percent(less, is_signed=True),
                    *(None,) * 4,
                )
            )
    return Table(
        f"Table 4. Ablations of GMF on {dataset_name(dataset)}",
        ("", "runs", "P", "R", "F1", "minus GMF", "p", "p Holm", "95% interval", "minutes"),
        tuple(rows),
        f"{PARTS} {COUNTING} {METHOD} Interval: paired bootstrap over posts of the difference.",
        _reported_rows(rows),
    )


def sweeps_table(results: SuiteResults, *, dataset: str) -> Table | None:
    """Return the sweeps of one data set, a row a point; ``None`` without any."""
    rows: list[tuple[Cell, ...]] = [
        (
            sweep.title if position == 0 else "",
            f"{point.value if isinstance(point.value, str) else f'{point.value:g}'}"
            f"{' (GMF)' if point.is_default else ''}",
            len(point.test.values),
            _percent(point.dev),
            _percent(point.test),
        )
        for sweep, points in swept(results, dataset=dataset)
        for position, point in enumerate(points)
    ]
    if not rows:
        return None
    return Table(
        f"Sweeps of GMF on {dataset_name(dataset)}",
        ("", "value", "runs", "F1 dev", "F1"),
        tuple(rows),
        "Percent; lenient micro F1 of the best epoch on dev, and on test. One option moves, the "
        "others stay as in GMF.",
    )


def _reported_row(dataset: str, variant: str, types: list[str]) -> list[tuple[Cell, ...]]:
    printed = reported_scores(dataset, variant=variant)
    if printed is None:
        return []
    by_type = [printed.types.get(name) for name in types]
    return [
        (
            f"{system_name(variant)}, paper",
            None,
            *(None if value is None else Percent(value) for value in by_type),
            *(Percent(printed.overall[measure]) for measure in OVERALL),
            *(None,) * 4,
        )
    ]


def _percent(summary: SeedSummary) -> Percent:
    return Percent(summary.mean, summary.deviation if len(summary.values) > 1 else None)


def _difference(comparison: GmfComparison | None) -> tuple[Cell, Cell, Cell]:
    if comparison is None:
        return None, None, None
    f1 = comparison.f1
    return Percent(f1.difference, is_signed=True), f1.p_value, comparison.adjusted_p


def _minutes(minutes: float) -> Decimal:
    return Decimal(f"{minutes:.1f}")


def _reported_rows(rows: Sequence[tuple[Cell, ...]]) -> frozenset[int]:
    return frozenset(
        position for position, row in enumerate(rows) if str(row[0]).endswith(", paper")
    )
