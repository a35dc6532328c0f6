"""Systems by group of posts and by control: F1, gains over BERT-CRF with p-values, calibration."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gmf.core.errors import DataError
from gmf.evaluation.image_controls import CONTROLS, Control
from gmf.evaluation.metrics.calibration import calibrate
from gmf.evaluation.pairs import spans_of_pairs
from gmf.evaluation.post_groups import group_of, groupings_of, groups_of, groups_of_folder
from gmf.evaluation.significance import (
    MEASURES,
    Difference,
    SampleCounts,
    SeedSummary,
    compare_runs,
    counts_of_samples,
    holm,
    measures_of,
    summarise_seeds,
)
from gmf.experiments.suite.reporting.names import TEXT_BASELINE
from gmf.experiments.suite.reporting.results import (
    ROUNDS,
    RULE,
    RunResults,
    SuiteResults,
    SystemResults,
)
from gmf.reading.reader import DEFAULTS, ReadOptions
from gmf.reading.readers import read_split

#: A grouping with more groups has a table of F1 alone.
MAX_COMPARED = 6
#: Of intervals; there are many of them.
RESAMPLES = 1000
#: Key of all posts, which no side file can have.
ALL = ""
Mask = NDArray[np.bool_]


def group_title(group: str) -> str:
    """Return what tables and figures call a group."""
    return group if group != ALL else "all posts"


@dataclass(frozen=True)
class Grouping:
    """A division of the test posts.

    Args:
        name: Of the grouping; empty where there is none.
        masks: Posts of each group; all of them first.
        stem: What files of it are called by, after a hyphen; empty where there is no grouping.
    """

    name: str
    masks: Mapping[str, Mask]
    stem: str

    @property
    def has_few(self) -> bool:
        """Whether its groups are compared one by one."""
        return len(self.masks) <= MAX_COMPARED + 1


@dataclass(frozen=True)
class Compared:
    """Something less something else on a group of posts.

    Args:
        f1: The difference of mean F1 on the seeds that both have.
        adjusted_p: p-value adjusted for all comparisons that are made with it (Holm).
    """

    f1: Difference
    adjusted_p: float


class Scored:
    """A system on the test posts, under a control.

    Args:
        system: Its runs.
        control: What stands in for the images.
    """

    def __init__(self, system: SystemResults, control: Control = "real") -> None:
        self.variant = system.variant
        self.control: Control = control
        self.runs: dict[int, RunResults] = {
            seed: run
            for seed, run in system.runs.items()
            if control == "real" or control in run.run.controls
        }

    @cached_property
    def counts(self) -> dict[int, SampleCounts]:
        """Gold, predicted and correct entities of each post, by seed."""
        return {seed: counts_of_samples(spans) for seed, spans in self._spans.items()}

    def f1(self, mask: Mask) -> SeedSummary | None:
        """Return F1 on some posts over the seeds; ``None`` where there is nothing to find."""
        totals = [counts[mask].sum(0) for counts in self.counts.values()]
        if not any(total.any() for total in totals):
            return None
        return summarise_seeds([float(measures_of(t)[MEASURES.index("f1")]) for t in totals])

    def expected_error(self, mask: Mask) -> SeedSummary | None:
        """Return the calibration error on some posts; ``None`` without confidences."""
        found = [
            calibrate([s for s, is_in in zip(spans, mask, strict=True) if is_in])
            for spans in self._spans.values()
        ]
        errors = [item.expected_error for item in found if item is not None]
        return summarise_seeds(errors) if len(errors) == len(found) else None

    @cached_property
    def _spans(self) -> dict[int, Any]:
        return {
            seed: spans_of_pairs(run.run.pairs(self.control), rule=RULE)
            for seed, run in self.runs.items()
        }


class GroupResults:
    """All runs on one data set, by groups of its posts.

    Args:
        results: All runs.
        dataset: The data set.
        folder: Its folder, where a side file may state groups; ``None`` when unknown.

    Raises:
        DataError: If runs were scored on different samples.
    """

    def __init__(
        self,
        results: SuiteResults,
        *,
        dataset: str,
        folder: Path | None,
        options: ReadOptions = DEFAULTS,
    ) -> None:
        systems = [*results.systems(dataset), *results.ablations(dataset)]
        self._options = options
        self.notes: list[str] = []
        self._gains: dict[str, dict[tuple[str, str], Compared]] = {}
        self.systems = [Scored(system) for system in systems]
        self.controlled: list[Scored] = []
        for system in systems:
            found = {control for run in system.runs.values() for control in run.run.controls}
            if found:
                self.controlled += [
                    Scored(system, control)
                    for control in CONTROLS
                    if control == "real" or control in found
                ]
        self.groupings = self._groupings(systems, folder) if systems else []

    def gains(self, grouping: Grouping) -> dict[tuple[str, str], Compared]:
        """Return the gain of each system over BERT-CRF in each group, by variant and group."""
        baseline = next((s for s in self.systems if s.variant == TEXT_BASELINE), None)
        if baseline is None:
            return {}
        if grouping.name not in self._gains:
            others = [s for s in self.systems if s.variant != TEXT_BASELINE]
            pairs = [(system.variant, baseline, system) for system in others]
            self._gains[grouping.name] = _compared(pairs, grouping.masks)
        return self._gains[grouping.name]

    def changes(self, grouping: Grouping) -> dict[tuple[str, str], Compared]:
        """Return what each control changes, by ``variant, control`` and group."""
        real = {system.variant: system for system in self.systems}
        pairs = [
            (f"{scored.variant}, {scored.control}", real[scored.variant], scored)
            for scored in self.controlled
            if scored.control != "real"
        ]
        return _compared(pairs, grouping.masks)

    def _groupings(self, systems: Sequence[SystemResults], folder: Path | None) -> list[Grouping]:
        pairs = next(iter(systems[0].runs.values())).pairs
        for system in systems:
            if any(len(run.pairs) != len(pairs) for run in system.runs.values()):
                raise DataError(
                    f"{system.dataset}, {system.variant}: runs were scored on other posts than "
                    f"those of {systems[0].variant}; score them again"
                )
        everything = {ALL: np.ones(len(pairs), dtype=bool)}
        if folder is not None:
            samples = read_split(folder, "train", options=self._options)
            training = [sample.id for sample in samples]
            notes: list[str] = []
            pairs = groups_of_folder(pairs, folder, training=training, on_note=notes.append)
            # A report does not say where the data lie on this machine.
            self.notes += [note.replace(f"{folder}/", "") for note in notes]
        found = [
            Grouping(
                name,
                everything
                | {
                    group: np.array([group_of(pair, name) == group for pair in pairs])
                    for group in groups_of(pairs, name)
                },
                stem,
            )
            for name, stem in _stems(groupings_of(pairs)).items()
        ]
        has_few = any(grouping.has_few for grouping in found)
        return found if has_few else [*found, Grouping("", everything, "")]


def _stems(names: Sequence[str]) -> dict[str, str]:
    """Return a stem of files for each name, different ones where letter case counts for nothing."""
    stems: dict[str, str] = {}
    for name in names:
        stem = re.sub(r"\W+", "-", f"-{name}")
        while stem.casefold() in map(str.casefold, stems.values()):
            stem += "-2"
        stems[name] = stem
    return stems


def _compared(
    pairs: Sequence[tuple[str, Scored, Scored]], masks: Mapping[str, Mask]
) -> dict[tuple[str, str], Compared]:
    differences = dict(_differences(pairs, masks))
    adjusted = holm([difference.p_value for difference in differences.values()])
    return {
        key: Compared(difference, p)
        for (key, difference), p in zip(differences.items(), adjusted, strict=True)
    }


def _differences(
    pairs: Sequence[tuple[str, Scored, Scored]], masks: Mapping[str, Mask]
) -> Iterator[tuple[tuple[str, str], Difference]]:
    for name, a, b in pairs:
        seeds = [seed for seed in a.runs if seed in b.runs]
        for group, mask in masks.items() if seeds else ():
            try:
                ours, theirs = ([s.counts[seed][mask] for seed in seeds] for s in (a, b))
                if not any(counts.any() for counts in (*ours, *theirs)):
                    continue
                found = compare_runs(ours, theirs, rounds=ROUNDS, resamples=RESAMPLES)
                yield (name, group), found["f1"]
            except ValueError as error:
                raise DataError(f"{name} and {a.variant}: {error}") from error
