"""The manifest of a suite: every run with what stands behind it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.files import write_text
from gmf.evaluation.provenance import digest_of_options
from gmf.experiments.suite.finished_run import RESULT, FinishedRun
from gmf.experiments.suite.plan import PlannedRun, SuiteOptions, overrides_of
from gmf.reading.releases import DataFingerprint
from gmf.training.run_files import PROVENANCE
from gmf.training.run_folder import RunFolder

MANIFEST, FORMAT = "manifest.json", 1


class Manifest:
    """Keeps ``manifest.json`` of a suite's folder; runs of earlier calls stay in it.

    Args:
        out: The folder of the suite.

    Raises:
        CheckpointError: If the manifest is damaged or of another version of gmf.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.content: dict[str, Any] = {"format": FORMAT, "encoders": "", "data": {}, "runs": []}
        path = out / MANIFEST
        if path.exists():
            try:
                self.content = json.loads(path.read_text(encoding="utf-8"))
                is_readable = self.content["format"] == FORMAT
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise CheckpointError(f"{path}: damaged ({error}); delete it") from error
            if not is_readable:
                raise CheckpointError(f"{path}: expected format {FORMAT} of this version of gmf")
        self.rows: dict[str, dict[str, Any]] = {
            row["folder"]: row for row in self.content["runs"] if (out / row["folder"]).exists()
        }

    @property
    def data(self) -> dict[str, Path]:
        """Data folders by name."""
        return {name: Path(item["folder"]) for name, item in self.content["data"].items()}

    @property
    def encoders(self) -> str:
        """The pair of encoders, as it was given."""
        return self.content["encoders"]

    def begin(
        self,
        options: SuiteOptions,
        runs: Sequence[PlannedRun],
        *,
        fingerprints: Mapping[str, Sequence[DataFingerprint]],
    ) -> None:
        """Note what a call is about to do.

        Raises:
            ConfigError: If earlier calls used other encoders or another folder of the same name, or
                other settings for finished runs that are not among these.
        """
        self._check_settings(options, runs)
        if self.encoders not in ("", options.encoders):
            raise ConfigError(
                f"{self.out}: holds runs with encoders {self.encoders}, not {options.encoders}; "
                "choose another folder with --out"
            )
        for name, folder in options.data.items():
            if (before := self.data.get(name, folder)) != folder:
                raise ConfigError(
                    f"{self.out}: {name} is {before} there, not {folder}; give the same path, or "
                    "choose another folder with --out"
                )
            self.content["data"][name] = {
                "folder": str(folder),
                "splits": [asdict(item) for item in fingerprints[name]],
            }
        self.content |= {
            "encoders": options.encoders,
            "seeds": options.seeds,
            "sweep_seeds": options.sweep_seeds,
            "settings": {pattern: list(given) for pattern, given in options.settings.items()},
        }
        for run in runs:
            self._note(run)
        self.write()

    def _check_settings(self, options: SuiteOptions, runs: Sequence[PlannedRun]) -> None:
        """Refuse to report finished runs of earlier calls beside runs with other settings."""
        if "settings" not in self.content:
            return
        planned = {run.folder for run in runs}
        for row in self.rows.values():
            if row["status"] != "finished" or self.out / row["folder"] in planned:
                continue
            variant = row["variant"]
            before = overrides_of(self.content["settings"], variant)
            if before != (now := overrides_of(options.settings, variant)):
                raise ConfigError(
                    f"{self.out / row['folder']}: finished with other settings "
                    f"({' '.join(before) or 'none'}) than {variant} has now "
                    f"({' '.join(now) or 'none'}), and the two must not stand in one report; give "
                    "the same --settings, delete the run, or choose another folder with --out"
                )

    def update(self, run: PlannedRun, *, error: str = "") -> dict[str, Any]:
        """Note how a run stands and return its row.

        Args:
            run: The run.
            error: Why it failed; empty when it did not.
        """
        row = self._note(run, error=error)
        self.write()
        return row

    def finished(self) -> list[FinishedRun]:
        """Return the runs that are trained and scored."""
        return [
            FinishedRun(row["dataset"], row["variant"], row["seed"], self.out / row["folder"])
            for row in self.rows.values()
            if row["status"] == "finished" and (self.out / row["folder"] / RESULT).exists()
        ]

    def unfinished(self) -> list[str]:
        """Return a line for each run, of whatever call, that is not finished or failed at last."""
        return [
            f"{row['dataset']}, {row['variant']}, seed {row['seed']}: {row['status']}"
            + (f": {row['error']}" if row.get("error") else "")
            for row in self.rows.values()
            if row["status"] != "finished" or row.get("error")
        ]

    def write(self) -> None:
        """Write the manifest."""
        self.content["runs"] = list(self.rows.values())
        write_text(self.out / MANIFEST, json.dumps(self.content, indent=1) + "\n")

    def _note(self, run: PlannedRun, *, error: str = "") -> dict[str, Any]:
        folder = run.folder.relative_to(self.out).as_posix()
        state = RunFolder(run.folder).state()
        row: dict[str, Any] = {
            "dataset": run.dataset,
            "variant": run.variant,
            "seed": run.seed,
            "folder": folder,
            "preset": run.preset,
            "config_digest": digest_of_options(run.config.model_dump(mode="json")),
            "status": "failed" if error else "started" if state.epochs_done else "planned",
            "epochs": state.epochs_done,
        }
        row |= read_provenance(run.folder)
        # A run that is scored stays so where a control of it fails.
        row |= {"error": error} if error else {}
        row |= _result(run.folder)
        self.rows[folder] = row
        return row


def read_provenance(folder: Path) -> dict[str, Any]:
    """Return what stands behind a run: data, encoders, versions; of a scored one, test data too.

    Raises:
        CheckpointError: If a file of it is damaged.
    """
    provenance: dict[str, Any] = {}
    if (folder / PROVENANCE).exists():
        provenance |= _read(folder / PROVENANCE)
    if (folder / RESULT).exists():
        scored = _read(folder / RESULT)["report"]["provenance"]["data"]
        # What a run went on with, when it was told to, counts for it from then on.
        parts = {item["part"]: item for item in (*scored, *provenance.get("data", []))}
        provenance["data"] = list(parts.values())
    return provenance


def _result(folder: Path) -> dict[str, Any]:
    if not (folder / RESULT).exists():
        return {}
    result = _read(folder / RESULT)
    report = result.pop("report")
    f1 = {rule: report[rule]["micro"]["f1"] for rule in ("lenient", "strict")}
    return {**result, "status": "finished", "test_f1": f1}


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); delete it") from error
