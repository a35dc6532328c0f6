"""The numbers that the paper prints, to stand beside ours."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: Measures of all types together, as columns of the file.
OVERALL = ("precision", "recall", "f1")


@dataclass(frozen=True)
class ReportedScores:
    """A line of the paper's Tables 2, 3 or 4.

    Args:
        types: F1 by entity type, fractions; empty in Table 4.
        overall: Precision, recall and F1, fractions.
    """

    types: dict[str, float]
    overall: dict[str, float]


def reported_scores(dataset: str, *, variant: str) -> ReportedScores | None:
    """Return what the paper prints for a variant; ``None`` where it prints nothing."""
    return _scores().get((dataset, variant))


def reported_statistics(dataset: str) -> dict[str, dict[str, int]]:
    """Return the paper's Table 1 of a data set: row to split to count; empty for others."""
    return {
        row["row"]: {split: int(row[split]) for split in ("train", "dev", "test")}
        for row in _rows("statistics.csv")
        if row["dataset"] == dataset
    }


def reported_doubts(dataset: str) -> list[str]:
    """Return what is odd about the paper's numbers for a data set, a footnote each."""
    return [row["doubt"] for row in _rows("doubts.csv") if row["dataset"] == dataset]


@cache
def _scores() -> dict[tuple[str, str], ReportedScores]:
    scores: dict[tuple[str, str], ReportedScores] = {}
    for row in _rows("scores.csv"):
        key = row.pop("dataset"), row.pop("variant")
        values = {name: float(text) / 100 for name, text in row.items() if text}
        overall = {name: values.pop(name) for name in OVERALL}
        scores[key] = ReportedScores(values, overall)
    return scores


def _rows(name: str) -> list[dict[str, str]]:
    path = files("gmf.experiments.suite.reporting").joinpath("reported", name)
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
