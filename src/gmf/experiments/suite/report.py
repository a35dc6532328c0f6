"""From finished runs to the paper's tables and figures, and one page of all of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gmf.data.statistics import folder_statistics
from gmf.evaluation.tables import Cell, Percent, Table, to_latex, to_markdown
from gmf.experiments.suite.finished import FinishedRun
from gmf.experiments.suite.reporting.cases import choose_cases
from gmf.experiments.suite.reporting.drawn import dataset_figures, shared_figures
from gmf.experiments.suite.reporting.figures.style import check_installed
from gmf.experiments.suite.reporting.findings import findings
from gmf.experiments.suite.reporting.missing import missing_runs
from gmf.experiments.suite.reporting.names import dataset_name, dataset_order
from gmf.experiments.suite.reporting.page import Chapter, report_page
from gmf.experiments.suite.reporting.result_tables import (
    COUNTING,
    METHOD,
    ablation_table,
    statistics_table,
    systems_table,
)
from gmf.experiments.suite.reporting.results import RULE, SuiteResults
from gmf.experiments.suite.reporting.run_table import run_rows, run_table
from gmf.prediction.atomic import replacing

#: File stem of the table of systems by data set.
_TABLE_FILES = {"twitter2015": "table-2", "twitter2017": "table-3"}


def write_report(
    runs: Sequence[FinishedRun], out: Path, *, data: Mapping[str, Path], encoders: str
) -> None:
    """Write ``tables/``, ``figures/`` and ``report.html``; files of an earlier report are replaced.

    Runs that a complete suite has and these lack are listed, nothing is made up for them.

    Args:
        runs: Finished runs, in any order.
        out: Folder to write to; made when absent.
        data: Folder of each data set, for statistics and pictures.
        encoders: Name of the pair of encoders, for the text.

    Raises:
        ConfigError: If matplotlib is not installed or the configuration of a run cannot be read.
        DataError: If predictions or data break their format, or runs of one data set were scored
            on different tweets.
        ValueError: If a run is given twice.
        OSError: If a file of a run is absent or a file cannot be written.
    """
    check_installed()
    results = SuiteResults(runs)
    chapters: list[Chapter] = []
    files: dict[str, Table] = {}
    for name in ("tables", "figures"):
        (out / name).mkdir(parents=True, exist_ok=True)
    for dataset in dataset_order({*data, *results.datasets}):
        statistics = folder_statistics(data[dataset]) if dataset in data else {}
        tables = {
            f"table-1-{dataset}": statistics_table(dataset, counts=statistics)
            if statistics
            else None,
            _TABLE_FILES.get(dataset, f"systems-{dataset}"): systems_table(results, dataset=dataset)
            if results.systems(dataset)
            else None,
            f"table-4-{dataset}": ablation_table(results, dataset=dataset),
        }
        found = {name: table for name, table in tables.items() if table is not None}
        files |= found
        study = (
            choose_cases(results, dataset=dataset, folder=data[dataset])
            if dataset in data
            else None
        )
        chapters.append(
            Chapter(
                dataset,
                dataset_name(dataset),
                findings(results, dataset=dataset, statistics=statistics),
                list(found.values()),
                dataset_figures(results, dataset=dataset, study=study, folder=out / "figures"),
                study,
            )
        )
    missing = missing_runs(results, datasets=data)
    shared = shared_figures(results, folder=out / "figures")
    rows = run_rows(results, out=out)
    notes = _notes(encoders, rows)
    for name, table in files.items():
        _write(out / "tables" / f"{name}.md", f"{to_markdown([table])}\n")
        _write(out / "tables" / f"{name}.tex", f"{to_latex([table])}\n")
    content = {
        "encoders": encoders,
        "rule": RULE,
        "counting": COUNTING,
        "method": METHOD,
        "findings": {chapter.key: chapter.findings for chapter in chapters},
        "tables": {name: _plain(table) for name, table in files.items()},
        "missing": missing,
        "runs": rows,
    }
    text = json.dumps(content, ensure_ascii=False, indent=2)
    _write(out / "tables" / "tables.json", f"{text}\n")
    page = report_page(chapters, notes=notes, shared=shared, missing=missing, runs=run_table(rows))
    _write(out / "report.html", page)


def _notes(encoders: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    digests = {
        f"{name} ({digest[:12]})" for row in rows for name, digest in row["encoders"].items()
    }
    listed = f" ({', '.join(sorted(digests))})" if digests else ""
    minutes = sum(row["minutes"] for row in rows)
    return [
        f"Encoders: {encoders}{listed}. The paper's are BERT-base and ResNet-50; with others its "
        "numbers stand beside ours for orientation only.",
        "Scores: test split, exact span and type, lenient counting; the run table has the strict "
        "F1 too. In each run the epoch with the best dev F1 is kept.",
        f"{len(rows)} runs, {minutes:.0f} minutes of training in all.",
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


def _write(path: Path, text: str) -> None:
    with replacing(path) as half:
        half.write_text(text, encoding="utf-8")
