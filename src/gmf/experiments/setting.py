"""What a run follows and where it departs from it, for people who start it."""

from collections.abc import Iterator
from typing import Any

from gmf.experiments.presets import load_run_config, published_model, published_preset
from gmf.models.registry import models
from gmf.training.config import RunConfig

#: Options that say where things lie, not what is computed.
_PLACES = ("data.folder", "data.cache.folder")


def describe_setting(name: str, config: RunConfig) -> list[str]:
    """Return lines that state which setting a run has.

    Of a publication: every departure that its model's class lists. Of a recipe: the options in
    which it differs from the publication's preset. Of either: the options that the user changed.

    Args:
        name: The preset that the run was started from, or a file.
        config: The run.
    """
    model, other = published_model(name), published_preset(name)
    lines: list[str] = []
    if model:
        lines = list(_follows(name, model))
    elif other:
        lines = [f"{name}: the common protocol; it differs from {other} in"]
        lines += _differences(load_run_config(name), load_run_config(other), other)
    if lines:
        changes = list(_differences(config, load_run_config(name), name))
        lines += [f"changed from {name}:", *changes] if changes else []
    return lines


def _follows(name: str, model: str) -> Iterator[str]:
    published = models.get(model).published
    if published is None:
        yield (
            f"{name}: no public code of {model} on these data sets is known; its preset and "
            "docs/decisions are our choices"
        )
        return
    yield f"{name}: follows {published.source}, but for {len(published.departures)} departures:"
    for topic, there, here in published.departures:
        yield f"  {topic}: {there}; here: {here}"


def _differences(config: RunConfig, other: RunConfig, name: str) -> Iterator[str]:
    """Yield the options that two runs have otherwise; those of another model count as one."""
    own, theirs = (flat_options(run.model_dump(mode="json")) for run in (config, other))
    common = own.keys() & theirs.keys()
    for key in sorted({*own, *theirs} - set(_PLACES)):
        if key.startswith("model.") and key not in common:
            continue
        if own.get(key) != theirs.get(key):
            yield f"  {key}: {own.get(key)} ({name}: {theirs.get(key)})"


def flat_options(options: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested options by their dotted names."""
    flat: dict[str, Any] = {}
    for key, value in options.items():
        path = f"{prefix}{key}"
        flat |= flat_options(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return flat
