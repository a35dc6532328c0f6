"""Several runs as one system: only what differs in nothing but the seed may be averaged."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gmf.core.config import read_yaml
from gmf.core.errors import ConfigError
from gmf.prediction.publishing.hub import METAS, model_folder
from gmf.training.run_files import CONFIG, is_finished

#: Options and facts that decide no score, or may differ between runs of one system.
_FREE = ("seed", "data.folder", "data.cache.", "encoders")
#: Of an exported model, what a checkpoint has among the options of model and data.
_OF_EXPORTS = ("subword_labels", "legal_moves", "max_subwords", "missing_image", "context", "int8")
_SHOWN = 4


def check_runs_differ_in_seed(runs: Sequence[str | Path]) -> None:
    """Refuse runs whose mean would mean nothing.

    Args:
        runs: What ``gmf.load`` takes.

    Raises:
        CheckpointError: If one holds no complete checkpoint.
        ConfigError: If two differ in more than the seed, or in nothing.
    """
    if len(runs) < 2:
        return
    first, *others = [(run, *_described(run)) for run in runs]
    for run, _, options in others:
        differences = [
            f"{key}: {first[2][key]!r} and {value!r}"
            for key, value in options.items()
            if key in first[2] and first[2][key] != value
        ]
        if differences:
            shown = "; ".join(differences[:_SHOWN])
            more = f"; {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
            raise ConfigError(
                f"{first[0]} and {run} differ in more than their seed ({shown}{more}), so they "
                "have no common mean; evaluate them one by one, or write --predictions of both "
                "and use gmf compare"
            )
    seeds = [seed for _, seed, _ in (first, *others)]
    twice = [
        str(run) for run, seed, _ in (first, *others) if seed is not None and seeds.count(seed) > 1
    ]
    if twice:
        raise ConfigError(
            f"{' and '.join(twice)} have one seed, so that one run would count twice; name each "
            "run once"
        )


def _described(run: str | Path) -> tuple[int | None, dict[str, Any]]:
    """Return the seed, and what must be alike: options, tags, encoders, training data."""
    # Here, not above: an exported model needs no torch.
    from gmf.experiments.setting import flat_options

    checkpoint, run = model_folder(run), Path(run)
    name = next((name for name in METAS if (checkpoint / name).is_file()), METAS[0])
    try:
        meta: dict[str, Any] = json.loads((checkpoint / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None, {}  # Evaluation itself will say what is wrong with it.
    recorded = meta.get("provenance", {})
    options = {key: meta[key] for key in ("model", "data", *_OF_EXPORTS) if key in meta}
    # A checkpoint lies two folders below its run, which alone knows how it was trained.
    config = next(
        (path for folder in (run, run.parent.parent) if (path := folder / CONFIG).is_file()), None
    )
    if config is not None:
        options["training"] = read_yaml(config).get("training", {})
        options["finished"] = is_finished(config.parent)
    flat = {key: value for key, value in flat_options(options).items() if not key.startswith(_FREE)}
    # All kinds of cache hold the same maps but one, which is an approximation.
    pooled = flat_options(options).get("data.cache.kind") == "pooled_maps"
    flat["stage maps"] = "pooled" if pooled else "whole"
    flat["computed in"] = recorded.get("precision", "unknown")
    flat["entity types"] = meta.get("types")
    for key in ("init", "teacher"):
        flat[key] = recorded.get(key, {}).get("digest", "none")[:12]
    for role, encoder in recorded.get("encoders", {}).items():
        flat[f"{role} encoder"] = encoder["name"], encoder["digest"][:12]
    for item in recorded.get("data", []):
        flat[f"{item['part']} data"] = item["digest"][:12]
    for kind in ("images", "context"):
        for part, digest in recorded.get(kind, {}).items():
            flat[f"{part} {kind}"] = digest[:12]
    return recorded.get("seed"), flat
