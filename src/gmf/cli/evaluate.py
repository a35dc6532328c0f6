"""``gmf evaluate``: score trained runs on a split."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gmf.cli.options import BatchSize
from gmf.cli.output import Device, ImageTrust, Precision, progress_bar, report_images, say
from gmf.cli.output_files import check_outputs, write_page
from gmf.cli.score import (
    Alias,
    AsJson,
    AsLatex,
    AsMarkdown,
    GroupsFile,
    HtmlFile,
    read_aliases,
    show,
)
from gmf.evaluation.control_tables import Runs, control_table, group_control_tables
from gmf.evaluation.files.write import write_pairs
from gmf.evaluation.image_controls import Control, parse_controls
from gmf.evaluation.report import summarise_runs
from gmf.evaluation.reports.html import report_page, runs_page
from gmf.evaluation.reports.report_tables import report_tables, runs_tables
from gmf.evaluation.reports.tables import Cell, Table, plain_cell

if TYPE_CHECKING:
    from gmf.experiments.evaluate import RunEvaluation


def evaluate(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Run folders, exported or installed models; several differ in seed only."
        ),
    ],
    data: Annotated[
        Path | None, typer.Option(help="Data folder; the run's own by default.")
    ] = None,
    split: Annotated[str, typer.Option(help="train, dev or test.")] = "test",
    images: Annotated[
        str,
        typer.Option(
            help="What the model sees: real, none, blank, shuffled, noise; several, with commas, "
            "are compared with real images; all is all of these. no-context and shuffled-context "
            "change what it reads beside the words."
        ),
    ] = "real",
    predictions: Annotated[
        Path | None,
        typer.Option(
            help="Write gold and predictions as JSON lines; of several runs NAME-1.jsonl and so on."
        ),
    ] = None,
    groups: GroupsFile = None,
    alias: Alias = None,
    batch_size: BatchSize = 32,
    temperature: Annotated[
        float | None,
        typer.Option(min=0.01, help="Of confidences, in place of the run's; 1: as trained."),
    ] = None,
    device: Device = "auto",
    precision: Precision = "fp32",
    image_trust: ImageTrust = 1,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    as_latex: AsLatex = False,
    html: HtmlFile = None,
) -> None:
    """Score runs: lenient and strict side by side, and every analysis of the predictions.

    Examples:
      gmf evaluate runs/RUN
      gmf evaluate runs/RUN --images real,none,shuffled --html report.html
      gmf evaluate runs/RUN-seed1 runs/RUN-seed2 runs/RUN-seed3
      gmf evaluate runs/RUN --data OTHER --alias person=PER
    """
    from gmf.experiments.several_runs import check_runs_differ_in_seed

    controls = _controls(images)
    check_outputs(
        page=html,
        predictions=() if predictions is None else _numbered(predictions, len(runs)),
        inputs=[*map(Path, runs), *filter(None, (data, groups))],
    )
    check_runs_differ_in_seed(runs)
    evaluate_one = partial(
        _evaluate,
        data=data,
        split=split,
        device=device,
        precision=precision,
        image_trust=image_trust,
        batch_size=batch_size,
        temperature=temperature,
        groups=groups,
        aliases=read_aliases(alias) if alias else {},
    )
    results = [evaluate_one(run, control=controls[0]) for run in runs]
    for result in results:
        report_images(result.images)
        for warning in result.warnings:
            say(f"warning: {warning}")
        for note in result.notes:
            say(note)
    if predictions is not None:
        _write_predictions(predictions, runs, results)
    compared = [
        _compare_controls(partial(evaluate_one, run), result, controls)
        for run, result in zip(runs, results, strict=True)
        if len(controls) > 1
    ]
    tables, content = _shown(runs, results, compared, title=f"{runs[0]}, {split}", html=html)
    show(tables, content, as_json=as_json, as_markdown=as_markdown, as_latex=as_latex)


def _write_predictions(path: Path, runs: Sequence[str], results: Sequence["RunEvaluation"]) -> None:
    for own, run, result in zip(_numbered(path, len(runs)), runs, results, strict=True):
        write_pairs(own, result.pairs)
        say(f"predictions of {run} written to {own}")


def _numbered(path: Path, count: int) -> list[Path]:
    """Return where the predictions of each run go."""
    if count == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{n}{path.suffix}") for n in range(1, count + 1)]


def _shown(
    runs: Sequence[str],
    results: Sequence["RunEvaluation"],
    compared: Sequence[tuple[Runs, str]],
    *,
    title: str,
    html: Path | None,
) -> tuple[list[Table], dict[str, Any]]:
    """Write the page and return the tables and the same as JSON, comparisons first."""
    controls = [
        {"": replace(table, note=f"{table.note} {told}".rstrip())} | group_control_tables(pairs)
        for pairs, told in compared
        for table in [control_table(pairs)]
    ]
    first = [table for tables in controls for table in tables.values()]
    if len(results) > 1:
        first = [
            replace(table, title=f"{run}: {table.title}")
            for run, tables in zip(runs, controls, strict=False)
            for table in tables.values()
        ]
        summary = summarise_runs([result.report for result in results])
        write_page(html, lambda: runs_page(summary, title=title, first=first))
        tables, content = runs_tables(summary), summary.to_dict()
    else:
        report = results[0].report
        write_page(html, lambda: report_page(report, title=title, first=first))
        tables, content = report_tables(report), report.to_dict()
    contents: Any = content.get("runs", [content])
    for own, (_, told), of_run in zip(controls, compared, contents, strict=False):
        if told:
            of_run["controls_note"] = told
        plain = {name: _plain_rows(table) for name, table in own.items()}
        of_run["controls"] = plain.pop("")
        if plain:
            of_run["controls_by_group"] = plain
    return [*first, *tables], content


def _plain_rows(table: Table) -> list[dict[str, Cell]]:
    return [dict(zip(table.columns, map(plain_cell, row), strict=True)) for row in table.rows]


def _evaluate(run: str, *, data: Path | None, control: Control, **options: Any) -> "RunEvaluation":
    # Here, not above: help needs no torch.
    from gmf.experiments.evaluate import evaluate_run

    with progress_bar() as bar:
        task = bar.add_task(f"{run}, images {control}", total=None)
        return evaluate_run(
            run,
            folder=data,
            control=control,
            **options,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _controls(given: str) -> list[Control]:
    chosen = parse_controls(given)
    if len(chosen) > 1 and "real" not in chosen:
        chosen.insert(0, "real")
    return chosen


def _compare_controls(
    evaluate_one: Callable[..., "RunEvaluation"],
    real: "RunEvaluation",
    controls: Sequence[Control],
) -> tuple[Runs, str]:
    """Return the pairs under each control, and what was told of those that are not real."""
    pairs, told = dict.fromkeys(controls[:1], real.pairs), list[str]()
    known = {*real.notes, *real.warnings}
    for control in controls[1:]:
        evaluation = evaluate_one(control=control)
        pairs[control] = evaluation.pairs
        told += [text for text in (*evaluation.notes, *evaluation.warnings) if text not in known]
    for text in dict.fromkeys(told):
        say(text)
    return pairs, " ".join(f"{text}." for text in dict.fromkeys(told))
