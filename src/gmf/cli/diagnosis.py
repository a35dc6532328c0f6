"""The doctor's report in the terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gmf.checks.findings import Diagnosis, Finding

MAX_PLACES = 5


def print_diagnosis(report: Diagnosis, console: Console) -> None:
    """Print the name of the copy, the facts of each file and the findings with first places."""
    console.print(f"[bold]copy[/]: {escape(report.copy or 'no release that is known')}")
    for file, facts in report.facts.items():
        shown = ", ".join(f"{name} {_value(value)}" for name, value in facts.items())
        console.print(f"[bold]{escape(file)}[/]: {escape(shown)}", highlight=False, soft_wrap=True)
    if report.is_clean:
        console.print("clean")
        return
    table = Table("finding", "count", "file", "meaning", "places")
    table.columns[1].justify = "right"
    for finding in report.findings:
        table.add_row(*map(escape, _row(finding)))
    console.print(table)


def _row(finding: Finding) -> tuple[str, str, str, str, str]:
    places = ", ".join(finding.places[:MAX_PLACES])
    if len(finding.places) > MAX_PLACES:
        places += ", ..."
    return finding.kind, f"{finding.count:,}", finding.file, finding.message, places


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_value(item)}" for name, item in value.items()) + ")"
    return f"{value:,}" if isinstance(value, int) else str(value)
