"""``gmf evaluate``: score a trained run on a split."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gmf.cli.output import progress_bar, report_images, results, say, write
from gmf.evaluation.metrics import RULES, Scores
from gmf.experiments.evaluate import evaluate_run


def evaluate(
    run: Annotated[Path, typer.Argument(help="Run folder or checkpoint folder.")],
    data: Annotated[
        Path | None, typer.Option(help="Data folder; the run's own by default.")
    ] = None,
    split: Annotated[str, typer.Option(help="train, dev or test.")] = "test",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score a run: exact spans, per tweet, lenient and strict side by side."""
    with progress_bar() as bar:
        task = bar.add_task("evaluating", total=None)
        result = evaluate_run(
            run,
            split=split,
            folder=data,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    report_images(result.images)
    for warning in result.warnings:
        say(f"warning: {warning}")
    if as_json:
        scores = {**result.scores.to_dict(), "provenance": result.provenance}
        write(json.dumps(scores, indent=2))
    else:
        results.print(scores_table(result.scores, title=f"{run}, {split}"))


def scores_table(scores: Scores, *, title: str) -> Table:
    """Return the scores as a table: a row a type, both counting rules side by side."""
    table = Table(title=title, caption="exact spans, per tweet; lenient is the field's counting")
    table.add_column("")
    for rule in RULES:
        for name in ("P", "R", "F1", "gold"):
            table.add_column(f"{name}\n{rule}", justify="right")
    rules = [getattr(scores, rule) for rule in RULES]
    names = list(dict.fromkeys(name for rule in rules for name in rule.types))
    for name in [*names, "micro"]:
        cells: list[str] = []
        for rule in rules:
            counts = rule.micro if name == "micro" else rule.types.get(name)
            cells += (
                [f"{100 * v:.2f}" for v in (counts.precision, counts.recall, counts.f1)]
                + [str(counts.gold)]
                if counts
                else ["", "", "", "0"]
            )
        table.add_row(name, *cells, end_section=name == (names[-1] if names else ""))
    return table
