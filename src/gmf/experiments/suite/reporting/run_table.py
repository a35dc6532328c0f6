"""The manifest: every run behind the numbers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from gmf.core.files import sha256_of
from gmf.evaluation.reports.tables import Percent, Table
from gmf.experiments.suite.finished_run import PREDICTIONS, FinishedRun
from gmf.experiments.suite.manifest import read_provenance
from gmf.experiments.suite.reporting.names import dataset_name, system_name
from gmf.experiments.suite.reporting.results import SuiteResults


def run_rows(results: SuiteResults, *, out: Path) -> list[dict[str, Any]]:
    """Return plain values a run: what it is, scores, cost, digests, software and hardware.

    Args:
        results: All runs.
        out: Folder of the report; run folders beside or in it are given relative to it.
    """
    rows: list[dict[str, Any]] = []
    for system in results.all:
        for seed, run in system.runs.items():
            report, provenance = run.report, run.report.get("provenance", {})
            began = read_provenance(run.run.folder)
            images = began.get("images", {})
            rows.append(
                {
                    "dataset": system.dataset,
                    "variant": system.variant,
                    "seed": seed,
                    "f1_lenient": report["lenient"]["micro"]["f1"],
                    "f1_strict": report["strict"]["micro"]["f1"],
                    "epochs": len(run.epochs),
                    "minutes": run.minutes,
                    "folder": _folder(run.run, out),
                    "config": provenance.get("config_digest", ""),
                    "precision": provenance.get("precision", ""),
                    "predictions": sha256_of(run.run.folder / PREDICTIONS),
                    "images": provenance.get("image_counts", {}),
                    "image_files": "" if "not read" in images.values() else _short(images),
                    "code": began.get("code", {}).get("gmf", ""),
                    "encoders": provenance.get("encoders", {}),
                    "versions": provenance.get("versions", {}),
                    "hardware": provenance.get("hardware", {}),
                }
            )
    return rows


def _short(digests: Mapping[str, str]) -> str:
    return " ".join(f"{name} {digest[:12]}" for name, digest in sorted(digests.items()))


def run_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the runs as a table."""
    return Table(
        "Runs behind the numbers",
        (
            "run",
            "data",
            "seed",
            "F1 lenient",
            "F1 strict",
            "epochs",
            "minutes",
            "folder",
            "config",
            "predictions",
        ),
        tuple(
            (
                system_name(row["variant"]),
                dataset_name(row["dataset"]),
                row["seed"],
                Percent(row["f1_lenient"]),
                Percent(row["f1_strict"]),
                row["epochs"],
                Decimal(f"{row['minutes']:.1f}"),
                row["folder"],
                row["config"][:12],
                row["predictions"][:12],
            )
            for row in rows
        ),
        "Config and predictions: beginning of the sha256 of the resolved configuration and of the "
        "file of predictions. tables/tables.json has them whole, with versions and hardware.",
    )


def _folder(run: FinishedRun, out: Path) -> str:
    """Return a run's folder without where the whole lies on this machine."""
    for base in (out, out.parent):
        if run.folder.is_relative_to(base):
            return run.folder.relative_to(base).as_posix()
    return run.folder.name
