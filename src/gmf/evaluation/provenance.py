"""What stands behind a result: data, encoders, configuration, rule, seeds, versions, hardware."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gmf.core.version import __version__
from gmf.evaluation.files.labels import ServicePolicy
from gmf.evaluation.scores import Rule
from gmf.reading.releases import DataFingerprint

#: Packages whose versions can move a score.
PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "numpy", "pillow", "scipy")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Everything that a reader needs to judge and repeat a result.

    Args:
        rule: Counting rule of the analyses; both rules are in every report.
        service_labels: Policy for service labels.
        data: Data behind the result.
        encoders: Name to digest of its weights.
        config_digest: Of the resolved configuration; empty for predictions of others.
        precision: What training computed in; empty for predictions of others.
        seeds: Seeds of the runs.
        images: ``real``, or the control that replaced them (``none``, ``blank``, ``shuffled``,
            ``noise``); ``unknown`` for predictions of others.
        context: Fields of the context that were read, and the control that replaced them; empty
            where none was.
        image_trust: How far images could move the tags, from 0 to 1, as trained.
        image_counts: Images by what became of them: read, absent, broken, ...
        versions: Package to version.
        hardware: What it ran on.
        calibration: Temperature of confidences, and what it was fitted on; empty where none was.
    """

    rule: Rule
    service_labels: ServicePolicy = "outside"
    data: tuple[DataFingerprint, ...] = ()
    encoders: dict[str, str] = field(default_factory=dict[str, str])
    config_digest: str = ""
    precision: str = ""
    seeds: tuple[int, ...] = ()
    images: str = "unknown"
    context: str = ""
    image_trust: float = 1
    image_counts: dict[str, int] = field(default_factory=dict[str, int])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    hardware: dict[str, str] = field(default_factory=dict[str, str])
    calibration: dict[str, float] = field(default_factory=dict[str, float])


def digest_of_options(options: Mapping[str, object]) -> str:
    """Return the sha256 of a resolved configuration, whatever the order of its keys."""
    return sha256(json.dumps(options, sort_keys=True, default=str).encode()).hexdigest()


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that are installed."""
    # Of gmf not what is installed, which an editable installation remembers from its day.
    versions = {"python": platform.python_version(), "gmf": __version__}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def describe_hardware(*, accelerators: Sequence[str] = ()) -> dict[str, str]:
    """Return processor, cores and system.

    Args:
        accelerators: Names of the GPUs in use, from whoever uses them.
    """
    described = {
        "processor": _processor(),
        "cores": str(os.cpu_count() or "unknown"),
        "system": f"{platform.system()} {platform.machine()}",
    }
    return described | ({"accelerators": ", ".join(accelerators)} if accelerators else {})


def data_warnings(
    run: Sequence[DataFingerprint], *, evaluated: Sequence[DataFingerprint]
) -> list[str]:
    """Return how the data of an evaluation differ from those of the run.

    Args:
        run: What the run was trained and selected on.
        evaluated: What it is evaluated on now.

    Returns:
        One sentence a difference: a part of the same name with other content, or another release.
    """
    warnings: list[str] = []
    data = {(item.part, item.corpus): item for item in run}
    for item in evaluated:
        before = data.get((item.part, item.corpus))
        if before and before.digest != item.digest:
            warnings.append(
                f"{item.part}: {_named(item)} is not what the run used, {_named(before)}; "
                "scores on the two cannot be compared"
            )
    for item in evaluated:
        others = sorted({other.copy for other in run if other.copy} - {item.copy})
        if item.copy and others:
            warnings.append(
                f"{item.part}: is {item.copy}, the run was trained or selected on "
                f"{', '.join(others)}; say so beside the score"
            )
    return warnings


def _named(item: DataFingerprint) -> str:
    return f"{item.source} ({item.copy or 'no known release'}, {item.digest[:12]})"


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
