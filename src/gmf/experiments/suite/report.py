"""From finished runs to the paper's tables and figures, and one page of all of it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gmf.checks.statistics import SplitStatistics, folder_statistics
from gmf.core.config import read_yaml
from gmf.core.files import write_text
from gmf.data.config import DataConfig
from gmf.evaluation.reports.tables import Cell, Percent, Table, to_latex, to_markdown
from gmf.experiments.suite.finished_run import FinishedRun
from gmf.experiments.suite.reporting.cases import choose_cases
from gmf.experiments.suite.reporting.drawn_figures import (
    dataset_figures,
    group_figures,
    shared_figures,
)
from gmf.experiments.suite.reporting.figures.style import check_installed
from gmf.experiments.suite.reporting.findings import findings, told_by_runs
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
from gmf.reading.corpora import CorpusConfig
from gmf.reading.reader import DEFAULTS, ReadOptions
from gmf.training.run_files import CONFIG

#: File stem of the table of systems by data set.
_TABLE_FILES = {"twitter2015": "table-2", "twitter2017": "table-3"}


def write_report(
    runs: Sequence[FinishedRun],
    out: Path,
    *,
    data: Mapping[str, Path],
    encoders: str,
    unfinished: Sequence[str] = (),
) -> None:
    """Write ``tables/``, ``figures/`` and ``report.html``; files of an earlier report are removed.

    Runs that a complete suite has and these lack are listed, nothing is invented for them.

    Args:
        runs: Finished runs, in any order.
        out: Folder to write to; created when absent.
        data: Folder of each data set, for statistics and images.
        encoders: Name of the pair of encoders, for the text.
        unfinished: A line for each planned run that is not among these.

    Raises:
        ConfigError: If matplotlib is not installed or the configuration of a run cannot be read.
        DataError: If predictions or data break their format, or runs of one data set were scored
            on different samples.
        ValueError: If a run is given twice.
        OSError: If a file of a run is absent or a file cannot be written.
    """
    check_installed()
    results = SuiteResults(runs)
    remove_report(out)
    for name in ("tables", "figures"):
        (out / name).mkdir(parents=True, exist_ok=True)
    others = set((out / "figures").iterdir())
    chapters: list[Chapter] = []
    tables: dict[str, Table] = {}
    for dataset in dataset_order({*data, *results.datasets}):
        chapter, own_tables = _chapter(results, dataset, data.get(dataset), out / "figures")
        chapters.append(chapter)
        tables |= own_tables
    _write_tables(tables, out / "tables")
    missing = [*missing_runs(results, datasets=data), *unfinished]
    rows = run_rows(results, out=out)
    shared = shared_figures(results, folder=out / "figures")
    content = {
        "encoders": encoders,
        "rule": RULE,
        "counting": COUNTING,
        "method": METHOD,
        "findings": {chapter.key: chapter.findings for chapter in chapters},
        "tables": {name: _plain(table) for name, table in tables.items()},
        "missing": missing,
        "runs": rows,
        "figures": sorted(path.name for path in {*(out / "figures").iterdir()} - others),
    }
    text = json.dumps(content, ensure_ascii=False, indent=2)
    write_text(out / "tables" / "tables.json", f"{text}\n")
    page = report_page(
        chapters,
        notes=_notes(encoders, rows),
        shared=shared,
        missing=missing,
        runs=run_table(rows),
    )
    write_text(out / "report.html", page)


def remove_report(out: Path) -> None:
    """Remove the files of an earlier report, as its ``tables.json`` lists them."""
    listing = out / "tables" / "tables.json"
    try:
        earlier = json.loads(listing.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name in earlier["tables"]:
        for suffix in ("md", "tex"):
            (out / "tables" / f"{name}.{suffix}").unlink(missing_ok=True)
    for name in earlier.get("figures", ()):
        (out / "figures" / name).unlink(missing_ok=True)
    for path in (listing, out / "report.html"):
        path.unlink(missing_ok=True)


def _chapter(
    results: SuiteResults, dataset: str, folder: Path | None, figures: Path
) -> tuple[Chapter, dict[str, Table]]:
    """Write the figures of a data set; return what the page shows of it, and its tables by file."""
    options = DEFAULTS if folder is None else _reading_of(results, dataset, folder)
    statistics = {} if folder is None else folder_statistics(folder, options=options)
    groups = GroupResults(results, dataset=dataset, folder=folder, options=options)
    tables = _tables(results, dataset, statistics) | group_tables(groups, dataset=dataset)
    study = folder and choose_cases(results, dataset=dataset, folder=folder, options=options)
    drawn = dataset_figures(results, dataset=dataset, study=study, folder=figures)
    drawn += group_figures(groups, dataset=dataset, folder=figures)
    paragraphs = findings(results, dataset=dataset, statistics=statistics) + groups.notes
    paragraphs += told_by_runs(results, dataset=dataset, known=groups.notes)
    shown = list(tables.values())
    return Chapter(dataset, dataset_name(dataset), paragraphs, shown, drawn, study), tables


def _reading_of(results: SuiteResults, dataset: str, folder: Path) -> ReadOptions:
    """Return how the runs of a data set read its folder."""
    systems = [system for system in results.all if system.dataset == dataset]
    for run in (run for system in systems for run in system.runs.values()):
        data = DataConfig.model_validate(read_yaml(run.run.folder / CONFIG).get("data", {}))
        read = CorpusConfig(folder=folder, images=data.images, context_file=data.context_file)
        return read.reading(data.encoding)
    return DEFAULTS


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
    codes = {row["code"] for row in rows} - {""}
    mixed = [f"{len(codes)} versions of gmf's code trained these runs."] if len(codes) > 1 else []
    pictures = {(row["dataset"], row["image_files"]) for row in rows if row["image_files"]}
    mixed += [
        f"Warning: the images of {name} were changed between its runs."
        for name, number in sorted(Counter(name for name, _ in pictures).items())
        if number > 1
    ]
    precisions = Counter(row["precision"] or "unknown" for row in rows)
    trained = ", ".join(f"{number} in {name}" for name, number in sorted(precisions.items()))
    minutes = sum(row["minutes"] for row in rows)
    return [
        f"Encoders: {encoders}{listed}. The paper's are BERT-base and ResNet-50; with others its "
        "numbers stand beside ours for orientation only.",
        "Scores: test split, exact span and type, lenient counting; the run table has the strict "
        "F1 too. In each run the epoch with the best dev F1 is kept.",
        f"{len(rows)} runs, {minutes:.0f} minutes of training in all; precision: {trained}.",
        *mixed,
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
