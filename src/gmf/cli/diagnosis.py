"""The doctor's report in the terminal."""

from rich.table import Table

from gmf.checks.findings import Diagnosis, Finding
from gmf.cli.output import results, tables

MAX_PLACES = 5


def print_diagnosis(report: Diagnosis) -> None:
    """Print the name of the copy, the facts of each file and the findings with first places."""
    _print_fact("copy", report.copy or "no release that is known")
    for file, facts in report.facts.items():
        _print_fact(file, ", ".join(f"{name} {_value(value)}" for name, value in facts.items()))
    if report.is_clean:
        results.print("clean")
        return
    table = Table("finding", "count", "file", "meaning", "places")
    table.columns[1].justify = "right"
    for finding in report.findings:
        table.add_row(*_row(finding))
    tables.print(table)


def _print_fact(name: str, fact: str) -> None:
    results.print(f"{name}:", end=" ", style="bold")
    results.print(fact)


def _row(finding: Finding) -> tuple[str, str, str, str, str]:
    places = ", ".join(finding.places[:MAX_PLACES])
    if len(finding.places) > MAX_PLACES:
        places += ", ..."
    return finding.kind, f"{finding.count:,}", finding.file, finding.message, places


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_value(item)}" for name, item in value.items()) + ")"
    return f"{value:,}" if isinstance(value, int) else str(value)
