"""Search of options on Optuna: each trial is a run, chosen by its best dev F1; resumable.

The journal of the study lies in the folder of the search. A trial that was cut off is asked again
with the same options and the same run folder, so that it goes on after its last epoch.
"""

import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from gmf.core.config import apply_overrides
from gmf.core.errors import ConfigError, TrainingError
from gmf.training.run_folder import RunState

JOURNAL = "optuna.journal"
#: Name of the run folder that a trial goes on in.
_FOLDER = "folder"
_LOG = "log:"


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial.

    Args:
        name: Its run folder in the folder of the search.
        options: ``key=value`` of what was tried.
        f1: Best dev F1, lenient micro, in [0, 1]; ``None`` if its training failed.
    """

    name: str
    options: tuple[str, ...]
    f1: float | None


def parse_space(items: Sequence[str]) -> dict[str, BaseDistribution]:
    """Return what is tried for each key.

    Args:
        items: ``KEY=LOW..HIGH``, ``KEY=log:LOW..HIGH`` or ``KEY=A,B,C``. Whole numbers as bounds
            give whole numbers.

    Raises:
        ConfigError: If one has another form.
    """
    space: dict[str, BaseDistribution] = {}
    for item in items:
        key, equals, values = item.partition("=")
        try:
            if not key or not equals or key in space:
                raise ValueError
            space[key] = _distribution(values)
        except ValueError as error:
            raise ConfigError(
                f"--try {item!r}: expected a key once, as KEY=LOW..HIGH, KEY=log:LOW..HIGH or "
                "KEY=A,B,C, for example training.learning_rate=log:1e-5..1e-4"
            ) from error
    if not space:
        raise ConfigError("nothing to search; add --try KEY=LOW..HIGH, see gmf options")
    return space


def corners(space: dict[str, BaseDistribution]) -> Iterator[str]:
    """Yield ``key=value`` of every bound and choice, to be checked before anything is trained."""
    for key, kind in space.items():
        is_choice = isinstance(kind, CategoricalDistribution)
        for value in kind.choices if is_choice else (kind.low, kind.high):  # pyright: ignore
            yield _option(key, value)


def search(
    folder: Path,
    space: dict[str, BaseDistribution],
    *,
    trials: int,
    seed: int,
    facts: Mapping[str, Any],
    train_one: Callable[[Path, list[str]], RunState],
    on_trial: Callable[[Trial], None] = lambda _: None,
) -> list[Trial]:
    """Run trials until that many are finished, and return all of them.

    Args:
        folder: Of the search.
        space: What is tried.
        trials: Finished trials to end with, those of an earlier call among them.
        seed: Of the sampler.
        facts: What else decides what a trial is worth, kept with the search.
        train_one: Trains the run of a trial in a folder, with the options ``key=value``.
        on_trial: Called with each trial that ends.

    Raises:
        ConfigError: If the folder holds a search of other keys or facts, or an option is wrong.
    """
    study = _study(folder, space, facts)
    # A sampler is not kept: a fresh one with the same seed would ask the first trials again.
    study.sampler = TPESampler(seed=seed + len(study.get_trials(deepcopy=False)))
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params, user_attrs={_FOLDER: _name(trial)})
    while len(ended := _ended(study)) < trials:
        asked = study.ask(space)
        frozen = study.get_trials(deepcopy=False)[asked.number]
        options = [_option(key, value) for key, value in asked.params.items()]
        if _FOLDER not in frozen.user_attrs:
            asked.set_user_attr(_FOLDER, f"trial-{len(ended) + 1:03d}")
        name = study.get_trials(deepcopy=False)[asked.number].user_attrs[_FOLDER]
        try:
            f1 = train_one(folder / name, options).best_f1
        except TrainingError as error:
            asked.set_user_attr("error", str(error))
            f1 = None
        study.tell(asked, f1, state=TrialState.FAIL if f1 is None else TrialState.COMPLETE)
        on_trial(Trial(name, tuple(options), f1))
    return [_trial(trial) for trial in ended]


def best_of(trials: Sequence[Trial]) -> Trial:
    """Return the trial with the highest F1, the first of equal ones.

    Raises:
        ConfigError: If every training failed.
    """
    scored = [trial for trial in trials if trial.f1 is not None]
    if not scored:
        raise ConfigError("the training of every trial failed; narrow what is tried")
    return max(scored, key=lambda trial: trial.f1 or 0.0)


def _study(
    folder: Path, space: dict[str, BaseDistribution], facts: Mapping[str, Any]
) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
        study = optuna.create_study(
            study_name="gmf",
            storage=storage,
            direction="maximize",
            load_if_exists=True,
        )
    described = {"space": {key: repr(kind) for key, kind in sorted(space.items())}, **facts}
    earlier = study.user_attrs
    if other := [name for name, fact in described.items() if earlier.get(name, fact) != fact]:
        raise ConfigError(
            f"{folder}: holds another search (other {' and '.join(other)}); choose another folder "
            "with --run, or delete it"
        )
    for name, fact in described.items():
        study.set_user_attr(name, fact)
    return study


def _ended(study: optuna.Study) -> list[FrozenTrial]:
    """Return trials that reached their end; one that was cut off and asked again is none."""
    trials = study.get_trials(states=(TrialState.COMPLETE, TrialState.FAIL))
    return [t for t in trials if t.state == TrialState.COMPLETE or "error" in t.user_attrs]


def _name(trial: FrozenTrial) -> str:
    return trial.user_attrs.get(_FOLDER, f"trial-{trial.number + 1:03d}")


def _trial(trial: FrozenTrial) -> Trial:
    options = tuple(_option(key, value) for key, value in trial.params.items())
    return Trial(_name(trial), options, trial.value)


def _option(key: str, value: object) -> str:
    return f"{key}={json.dumps(value)}"


def _distribution(text: str) -> BaseDistribution:
    is_log = text.startswith(_LOG)
    low, dots, high = text.removeprefix(_LOG).partition("..")
    if not dots:
        choices = [_value(part) for part in text.split(",")]
        if is_log or len(choices) < 2 or "" in choices:
            raise ValueError(text)
        return CategoricalDistribution(choices)
    bounds = _value(low), _value(high)
    if all(isinstance(bound, int) and not isinstance(bound, bool) for bound in bounds):
        return IntDistribution(*bounds, log=is_log)
    return FloatDistribution(float(bounds[0]), float(bounds[1]), log=is_log)


def _value(text: str) -> Any:
    # The same reading as that of KEY=VALUE.
    return apply_overrides({}, [f"value={text.strip()}"])["value"] if text.strip() else ""
