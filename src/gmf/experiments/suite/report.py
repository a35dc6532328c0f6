"""From finished runs to the paper's tables and figures, and one page of all of it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gmf.checks.statistics import SplitStatistics, folder_statistics
from gmf.core.files import write_text
from gmf.evaluation.reports.tables import Cell, Percent, Table, to_latex, to_markdown
from gmf.experiments.suite.finished_run import FinishedRun
from gmf.experiments.suite.reporting.cases import choose_cases
from gmf.experiments.suite.reporting.drawn_figures import (
    dataset_figures,
    group_figures,
    shared_figures,
)
from gmf.experiments.suite.reporting.figures.style import check_installed
from gmf.experiments.suite.reporting.findings import findings
from gmf.experiments.suite.reporting.group_tables import group_tables
from gmf.experiments.suite.reporting.missing_runs import missing_runs
from gmf.experiments.suite.reporting.names import dataset_name, dataset_order
from gmf.experiments.suite.reporting.page import Chapter, report_page
from gmf.experiments.suite.reporting.post_groups import GroupResults
from gmf.experiments.suite.reporting.result_tables import (
    COUNTING,
    METHOD,
    ablation_table,
    statistics_table,
    sweeps_table,
    systems_table,
)
from gmf.experiments.suite.reporting.results import RULE, SuiteResults
from gmf.experiments.suite.reporting.run_table import run_rows, run_table

#: File stem of the table of systems by data set.
_TABLE_FILES = {"twitter2015": "table-2", "twitter2017": "table-3"}


def write_report(
    runs: Sequence[FinishedRun], out: Path, *, data: Mapping[str, Path], encoders: str
) -> None:
    """Write ``tables/``, ``figures/`` and ``report.html``; files of an earlier report are replaced.

    Runs that a complete suite has and these lack are listed, nothing is invented for them.

    Args:
        runs: Finished runs, in any order.
        out: Folder to write to; created when absent.
        data: Folder of each data set, for statistics and images.
        encoders: Name of the pair of encoders, for the text.

    Raises:
        ConfigError: If matplotlib is not installed or the configuration of a run cannot be read.
        DataError: If predictions or data break their format, or runs of one data set were scored
            on different samples.
        ValueError: If a run is given twice.
        OSError: If a file of a run is absent or a file cannot be written.
    """
    check_installed()
    results = SuiteResults(runs)
    for name in ("tables", "figures"):
        (out / name).mkdir(parents=True, exist_ok=True)
    chapters: list[Chapter] = []
    tables: dict[str, Table] = {}
    for dataset in dataset_order({*data, *results.datasets}):
        chapter, own_tables = _chapter(results, dataset, data.get(dataset), out / "figures")
        chapters.append(chapter)
        tables |= own_tables
    _write_tables(tables, out / "tables")
    missing = missing_runs(results, datasets=data)
    rows = run_rows(results, out=out)
    content = {
        "encoders": encoders,
        "rule": RULE,
        "counting": COUNTING,
        "method": METHOD,
        "findings": {chapter.key: chapter.findings for chapter in chapters},
        "tables": {name: _plain(table) for name, table in tables.items()},
        "missing": missing,
        "runs": rows,
    }
    text = json.dumps(content, ensure_ascii=False, indent=2)
    write_text(out / "tables" / "tables.json", f"{text}\n")
    page = report_page(
        chapters,
        notes=_notes(encoders, rows),
        shared=shared_figures(results, folder=out / "figures"),
        missing=missing,
        runs=run_table(rows),
    )
    write_text(out / "report.html", page)


def _chapter(
    results: SuiteResults, dataset: str, folder: Path | None, figures: Path
) -> tuple[Chapter, dict[str, Table]]:
    """Write the figures of a data set; return what the page shows of it, and its tables by file."""
    statistics = {} if folder is None else folder_statistics(folder)
    groups = GroupResults(results, dataset=dataset, folder=folder)
    tables = _tables(results, dataset, statistics) | group_tables(groups, dataset=dataset)
    study = folder and choose_cases(results, dataset=dataset, folder=folder)
    drawn = dataset_figures(results, dataset=dataset, study=study, folder=figures)
    drawn += group_figures(groups, dataset=dataset, folder=figures)
    paragraphs = findings(results, dataset=dataset, statistics=statistics) + groups.notes
    shown = list(tables.values())
    return Chapter(dataset, dataset_name(dataset), paragraphs, shown, drawn, study), tables


def _tables(
    results: SuiteResults, dataset: str, statistics: Mapping[str, SplitStatistics]
) -> dict[str, Table]:
    """Return the tables of a data set by file stem."""
    tables: dict[str, Table] = {}
    if statistics:
        tables[f"table-1-{dataset}"] = statistics_table(dataset, counts=statistics)
    if results.systems(dataset):
        name = _TABLE_FILES.get(dataset, f"systems-{dataset}")
        tables[name] = systems_table(results, dataset=dataset)
    for name, table in (
        ("table-4", ablation_table(results, dataset=dataset)),
        ("sweeps", sweeps_table(results, dataset=dataset)),
    ):
        if table is not None:
            tables[f"{name}-{dataset}"] = table
    return tables


def _write_tables(tables: Mapping[str, Table], folder: Path) -> None:
    for name, table in tables.items():
        write_text(folder / f"{name}.md", f"{to_markdown([table])}\n")
        write_text(folder / f"{name}.tex", f"{to_latex([table])}\n")


def _notes(encoders: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    digests = {
        f"{name} ({digest[:12]})" for row in rows for name, digest in row["encoders"].items()
    }
    listed = f" ({', '.join(sorted(digests))})" if digests else ""
    precisions = Counter(row["precision"] or "unknown" for row in rows)
    trained = ", ".join(f"{number} in {name}" for name, number in sorted(precisions.items()))
    minutes = sum(row["minutes"] for row in rows)
    return [
        f"Encoders: {encoders}{listed}. The paper's are BERT-base and ResNet-50; with others its "
        "numbers stand beside ours for orientation only.",
        "Scores: test split, exact span and type, lenient counting; the run table has the strict "
        "F1 too. In each run the epoch with the best dev F1 is kept.",
        f"{len(rows)} runs, {minutes:.0f} minutes of training in all; precision: {trained}.",
    ]


def _plain(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "columns": table.columns,
        "rows": [[_plain_cell(cell) for cell in row] for row in table.rows],
        "note": table.note,
    }


def _plain_cell(cell: Cell) -> object:
    """Return a cell for JSON: percentages as fractions, with the deviation where there is one."""
    if isinstance(cell, Percent):
        values = asdict(cell)
        return {name: values[name] for name in ("mean", "deviation") if values[name] is not None}
    return cell if cell is None or isinstance(cell, int | float | str) else float(cell)
