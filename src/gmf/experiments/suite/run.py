"""The suite: does the runs that are left, reports those that fail, keeps all in a manifest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gmf.core.errors import ConfigError, DataError
from gmf.core.files import locked
from gmf.experiments.presets import load_run_config
from gmf.experiments.suite.finished_run import RESULT, FinishedRun
from gmf.experiments.suite.manifest import Manifest, read_provenance
from gmf.experiments.suite.plan import PlannedRun, SuiteOptions
from gmf.experiments.suite.pool import OnEvent, RunEvent, run_all
from gmf.experiments.suite.single_run import is_scored
from gmf.reading.corpora import CorpusConfig
from gmf.reading.readers import read_split
from gmf.reading.releases import DataFingerprint, fingerprint
from gmf.training.inputs import context_digest
from gmf.training.run import read_splits
from gmf.training.run_files import CONFIG

LOCK = ".lock"
#: Digests of contexts by split, by the options of the data; runs of one data set share them.
_Contexts = dict[str, dict[str, str]]


@dataclass(frozen=True)
class SuiteResult:
    """What became of a suite.

    Args:
        finished: Trained and scored runs in its folder, those of earlier calls too.
        failed: Runs of this call that failed, with the error of each.
        left: Runs of this call that the time did not suffice for.
    """

    finished: tuple[FinishedRun, ...]
    failed: tuple[tuple[PlannedRun, str], ...]
    left: tuple[PlannedRun, ...] = ()


def run_suite(
    runs: Sequence[PlannedRun],
    out: Path,
    *,
    options: SuiteOptions,
    jobs: int = 1,
    minutes: float | None = None,
    accept_changes: bool = False,
    on_event: OnEvent = lambda _: None,
) -> SuiteResult:
    """Train and score runs; the same call goes on with a suite that was killed.

    A finished run is skipped, a half-trained one goes on, a failed one is tried again.

    Args:
        runs: From ``plan_runs`` with the same folder.
        out: Folder of the suite.
        options: What the suite is made of.
        jobs: Runs at a time.
        minutes: After which runs are stopped, to go on at the next call.
        accept_changes: Whether to go on with unfinished runs whose data, images, code or encoders
            changed; what is finished is never reported beside other data.
        on_event: Called with each event; once for a run that was finished before.

    Raises:
        ConfigError: If another process works in the folder, or it holds runs of other encoders or
            data folders.
        DataError: If a data file breaks its format, or a split is absent or has no tags.
    """
    # Runs of one data set read it alike, or differ in what their settings say of it.
    fingerprints = {
        run.dataset: fingerprints_of(run.config.data.corpora[0], run.config.data.encoding)
        for run in reversed(runs)
    }
    contexts: _Contexts = {}
    failed: list[tuple[PlannedRun, str]] = []

    def note(event: RunEvent) -> None:
        has_failed = event.kind == "failed"
        if has_failed:
            failed.append((event.run, event.text))
        manifest.update(event.run, error=event.text if has_failed else "")
        on_event(event)

    with locked(out / LOCK, work=out):
        manifest = Manifest(out)
        manifest.begin(options, runs, fingerprints=fingerprints)
        todo: list[PlannedRun] = []
        for run in runs:
            try:
                is_done = is_scored(run)
                if (run.folder / RESULT).exists() or not accept_changes:
                    _check_same_data(run, fingerprints[run.dataset], contexts)
                if is_done:
                    note(RunEvent(run, "finished"))
                else:
                    todo.append(run)
            except ConfigError as error:
                note(RunEvent(run, "failed", text=str(error)))
        left = run_all(
            todo, jobs=jobs, minutes=minutes, accept_changes=accept_changes, on_event=note
        )
        for run in left:
            manifest.update(run)
        return SuiteResult(tuple(manifest.finished()), tuple(failed), tuple(left))


def fingerprints_of(corpus: CorpusConfig, encoding: str | None) -> list[DataFingerprint]:
    """Return the fingerprints of the splits; what is wrong with one must not show after hours.

    Args:
        corpus: The data as runs read it.
        encoding: Of files that are not Unicode.

    Raises:
        DataError: If a split is absent, breaks its format or has no tags.
    """
    fingerprints: list[DataFingerprint] = []
    for split in ("train", "dev", "test"):
        folder = corpus.folder
        samples = read_split(folder, split, options=corpus.reading(encoding))
        if not samples or any(sample.tags is None for sample in samples):
            raise DataError(f"{split}: expected one or more samples, each with tags", path=folder)
        fingerprints.append(fingerprint(samples, part=split, folder=folder))
    return fingerprints


def check_data(runs: Sequence[FinishedRun]) -> None:
    """Refuse to report runs, of whatever call, on data that were changed since.

    Raises:
        ConfigError: If data were; names the run and what changed.
        DataError: If a data file breaks its format.
    """
    now: dict[str, list[DataFingerprint]] = {}
    contexts: _Contexts = {}
    for run in runs:
        config = load_run_config(str(run.folder / CONFIG))
        if run.dataset not in now:
            now[run.dataset] = fingerprints_of(config.data.corpora[0], config.data.encoding)
        planned = PlannedRun(run.dataset, run.variant, run.seed, "", config, run.folder)
        _check_same_data(planned, now[run.dataset], contexts)


def _check_same_data(run: PlannedRun, now: Sequence[DataFingerprint], contexts: _Contexts) -> None:
    """Refuse to go on with, or to report, a run on data that were changed since."""
    recorded, fields = read_provenance(run.folder), run.config.data.context
    before = {item["part"]: item["digest"] for item in recorded.get("data", [])}
    changed = [item.source for item in now if before.get(item.part, item.digest) != item.digest]
    if fields and "context" in recorded:
        read = run.config.data.model_dump_json()
        if read not in contexts:
            splits = read_splits(run.config)
            contexts[read] = {name: context_digest(s, fields) for name, s in splits.items()}
        before = recorded["context"]
        changed += [f"context of {k}" for k, v in contexts[read].items() if before.get(k) != v]
    if changed:
        raise ConfigError(
            f"{run.folder}: {', '.join(changed)} changed since this run; delete the run, choose "
            "another folder with --out, or let unfinished runs go on with --accept-changes"
        )
