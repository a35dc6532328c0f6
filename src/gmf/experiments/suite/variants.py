"""What the suite compares: every model, the ablations of GMF, and sweeps of its options."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gmf.core.errors import ConfigError
from gmf.models.registry import models

#: Names that ``--only`` takes beside variants: the systems of Tables 2 and 3, those of Table 4, and
#: the sweeps. GMF itself is in each, since the others are compared with it.
GROUPS = ("tables", "ablations", "sweeps")

#: What the paper's Table 4 leaves out, and the option that switches it.
SWITCHES = {
    "VCG": "model.use_visual_clues",
    "CSA": "model.use_cross_scale_attention",
    "CM": "model.use_consistency_matching",
}
#: Ablations of Table 4: the parts that each leaves out.
ABLATIONS = {
    "gmf-without-vcg": ("VCG",),
    "gmf-without-csa": ("CSA",),
    "gmf-without-cm": ("CM",),
    "gmf-without-all": ("VCG", "CSA", "CM"),
}

#: Parts of the text encoder as (first, one past the last, of how many): ``(0, 1, 2)`` is the lower
#: half of its layers.
LAYERS = {
    "lower-half": (0, 1, 2),
    "upper-half": (1, 2, 2),
    "lower-third": (0, 1, 3),
    "middle-third": (1, 2, 3),
    "upper-third": (2, 3, 3),
}


@dataclass(frozen=True)
class Sweep:
    """One option of GMF and the values that it takes, around the paper's.

    Args:
        name: As in the names of its variants, ``gmf-NAME-VALUE``.
        title: What it is, for readers.
        option: Dotted key.
        values: As in the names of its variants; numbers, or keys of ``LAYERS``.
        is_log: Whether a plot of it has a logarithmic axis.
    """

    name: str
    title: str
    option: str
    values: tuple[str, ...]
    is_log: bool = False

    @property
    def prefix(self) -> str:
        """Beginning of its variants' names."""
        return f"gmf-{self.name}-"


_SHARES = ("0.1", "0.3", "0.5", "0.7", "0.9")
SWEEPS = (
    Sweep("alpha", "task weight α", "model.task_weight", (*_SHARES, "0.95")),
    Sweep("lambda", "direction weight λ", "model.direction_weight", _SHARES),
    Sweep(
        "temperature",
        "temperature τ",
        "model.temperature",
        ("0.05", "0.1", "0.174", "0.21", "0.5"),
    ),
    Sweep("objects", "objects of each image", "model.max_objects", ("0", "1", "2", "3", "5")),
    Sweep("cells", "cells per side", "model.cells_per_side", ("1", "2", "3", "4")),
    Sweep("layers", "layers that receive clues", "model.clue_layers", tuple(LAYERS)),
    Sweep(
        "learning-rate",
        "learning rate",
        "training.learning_rate",
        ("2e-5", "5e-5", "1e-4", "2e-4", "5e-4"),
        is_log=True,
    ),
)


@dataclass(frozen=True)
class Variant:
    """A system of the suite.

    Args:
        name: Its name; unique.
        model: Registered name of its model.
        groups: Groups that it is in.
        options: Dotted keys and the values, as YAML, that make it what it is.
    """

    name: str
    model: str
    groups: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()

    @property
    def is_swept(self) -> bool:
        """Whether it is a point of a sweep."""
        return self.groups == ("sweeps",)

    def overrides(self, num_layers: Callable[[], int]) -> list[str]:
        """Return ``key=value`` overrides.

        Args:
            num_layers: Gives the number of text layers; called only when that matters.
        """
        return [
            f"{key}={_layers(value, num_layers()) if value in LAYERS else value}"
            for key, value in self.options
        ]


def _layers(part: str, num_layers: int) -> list[int]:
    first, last, parts = LAYERS[part]
    start, end = (round(edge * num_layers / parts) for edge in (first, last))
    start = min(start, num_layers - 1)
    return list(range(start, max(end, start + 1)))


GMF = Variant("gmf", "gmf", GROUPS)


def all_variants() -> tuple[Variant, ...]:
    """Return models (the user's too, none of a broken package), ablations and sweeps."""
    systems = [
        GMF if name == GMF.name else Variant(name, name, ("tables",)) for name in models.usable()
    ]
    ablations = [
        Variant(
            name,
            "gmf",
            ("ablations",),
            tuple((SWITCHES[part], "false") for part in parts),
        )
        for name, parts in ABLATIONS.items()
    ]
    points = [
        Variant(f"{sweep.prefix}{value}", "gmf", ("sweeps",), ((sweep.option, value),))
        for sweep in SWEEPS
        for value in sweep.values
    ]
    return (*systems, *ablations, *points)


def select(only: Sequence[str]) -> list[Variant]:
    """Return the variants that at least one pattern names, those of the first pattern first.

    Without patterns they are all of them.

    Args:
        only: Groups, or patterns on names as a shell has them (``gmf-alpha-*``).

    Raises:
        ConfigError: If a pattern names nothing.
    """
    chosen: dict[str, Variant] = {}
    variants = all_variants()
    for pattern in only:
        named = [v for v in variants if pattern in v.groups or fnmatchcase(v.name, pattern)]
        if not named:
            raise ConfigError(f"--only {pattern!r}: no such variant; expected {known_variants()}")
        for variant in named:
            chosen.setdefault(variant.name, variant)
    return list(chosen.values()) if only else list(variants)


def known_variants() -> str:
    """Return what a pattern may name, for messages."""
    fixed = [variant.name for variant in all_variants() if not variant.is_swept]
    swept = [f"{sweep.prefix}({'|'.join(sweep.values)})" for sweep in SWEEPS]
    return f"one of {', '.join((*GROUPS, *fixed, *swept))}, or a pattern of these names"
