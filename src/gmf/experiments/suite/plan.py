"""The runs of a suite: variants x data sets x seeds, each with its configuration and its folder."""

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from transformers import AutoConfig

from gmf.core.errors import ConfigError
from gmf.encoders.resolve import hub_error, resolve_encoder
from gmf.evaluation.image_controls import Control
from gmf.experiments.presets import DATASETS, load_run_config
from gmf.experiments.suite.variants import GMF, Variant, select
from gmf.models.registry import models
from gmf.training.config import RunConfig

RUNS = "runs"


@dataclass(frozen=True)
class PlannedRun:
    """A run of the suite.

    Args:
        dataset: Name of the data set.
        variant: Name of the variant.
        seed: Seed.
        preset: Preset that it starts from.
        config: Its whole configuration.
        folder: Its run folder.
        controls: What it is scored under beside its real images.
    """

    dataset: str
    variant: str
    seed: int
    preset: str
    config: RunConfig
    folder: Path
    controls: tuple[Control, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.dataset}/{self.variant}/seed-{self.seed}"


@dataclass(frozen=True)
class SuiteOptions:
    """What a suite is made of.

    Args:
        data: Name of each data set to its folder.
        encoders: A packaged pair, or as YAML ``{text: NAME, image: NAME}``.
        seeds: Seeds are 1 to this.
        sweep_seeds: The same for the points of sweeps.
        only: Groups and patterns; all variants when empty.
        settings: Patterns on names of variants to overrides, in order.
        controls: What models that read images are scored under beside real ones.
    """

    data: Mapping[str, Path]
    encoders: str
    seeds: int = 3
    sweep_seeds: int = 1
    only: Sequence[str] = ()
    settings: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    controls: tuple[Control, ...] = ()


def name_folders(folders: Sequence[Path]) -> dict[str, Path]:
    """Return data folders by their last part, which names the data set.

    Raises:
        ConfigError: If a folder is absent or two have the same name.
    """
    folder_of: dict[str, Path] = {}
    for folder in folders:
        name = folder.name or folder.resolve().name
        if not folder.is_dir():
            raise ConfigError(f"--data {folder}: no such folder")
        if name in folder_of:
            raise ConfigError(
                f"--data {folder}: {folder_of[name]} has the same name, and names tell the data "
                "sets apart; rename one"
            )
        folder_of[name] = folder
    return folder_of


def preset_of(model: str, dataset: str) -> str:
    """Return the preset of a model: that for Twitter-2015 on it, that for Twitter-2017 elsewhere.

    Args:
        model: Registered name.
        dataset: Name of the data set.
    """
    release = dataset if dataset in DATASETS else "twitter2017"
    return release if model == "gmf" else f"{model}.{release}"


def plan_runs(options: SuiteOptions, out: Path) -> list[PlannedRun]:
    """Return the runs: models and ablations first, a seed at a time, then sweeps.

    Those of one seed come in the order of ``options.only``.

    A point of a sweep whose configuration is that of ``gmf``, or of an earlier point, is not a run
    of its own.

    Args:
        options: What the suite is made of.
        out: Its folder.

    Raises:
        ConfigError: If a pattern names nothing or an option is wrong.
        EncoderError: If layers are swept and the text encoder cannot be found.
    """
    runs: dict[Path, tuple[bool, PlannedRun]] = {}
    for dataset in options.data:
        for variant, config, seeds in _systems(options, dataset):
            preset = preset_of(variant.model, dataset)
            controls = options.controls if models.get(variant.model).uses_images else ()
            for seed in range(1, seeds + 1):
                folder = out / RUNS / dataset / variant.name / f"seed-{seed}"
                seeded = config.model_copy(update={"seed": seed})
                run = PlannedRun(dataset, variant.name, seed, preset, seeded, folder, controls)
                runs.setdefault(folder, (variant.is_swept, run))
    return [run for _, run in sorted(runs.values(), key=lambda row: (row[0], row[1].seed))]


def _systems(options: SuiteOptions, dataset: str) -> Generator[tuple[Variant, RunConfig, int]]:
    """Yield what is trained on a data set, with the configuration of seed 1 and how many seeds."""
    earlier = [(GMF, _config(options, dataset, GMF))]
    for variant in select(options.only):
        config = _config(options, dataset, variant)
        if not variant.is_swept:
            yield variant, config, options.seeds
            continue
        same = next((other for other, given in earlier if given == config), variant)
        earlier.append((same, config))
        yield same, config, options.sweep_seeds


def _config(options: SuiteOptions, dataset: str, variant: Variant) -> RunConfig:
    """Return the configuration of seed 1; what makes the variant goes over the settings."""
    preset = preset_of(variant.model, dataset)
    common = [
        # Quoted, so that YAML takes no path for something else.
        f"data.folder={json.dumps(str(options.data[dataset]))}",
        f"encoders={options.encoders}",
        *overrides_of(options.settings, variant.name),
    ]
    try:
        text = load_run_config(preset, common).encoders.text
        own = variant.overrides(partial(_text_layers, text))
        return load_run_config(preset, [*common, *own, "seed=1"])
    except ConfigError as error:
        raise ConfigError(f"{variant.name} on {dataset}: {error}") from error


def overrides_of(settings: Mapping[str, Sequence[str]], variant: str) -> list[str]:
    """Return the overrides of a variant, those of all patterns that match its name."""
    return [
        override
        for pattern, overrides in settings.items()
        if fnmatchcase(variant, pattern)
        for override in overrides
    ]


def _text_layers(encoder: str) -> int:
    try:
        config = AutoConfig.from_pretrained(resolve_encoder(encoder), trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise hub_error(encoder, error) from error
    return config.num_hidden_layers
