"""What a run depends on beside its configuration, as digests; and what of it changed."""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gmf.core.files import sha256_of
from gmf.core.registry import code_files
from gmf.core.types import ImageInput, Sample
from gmf.reading.near_files import is_there

#: Keys of a run's provenance that decide what training computes.
DECISIVE = (
    *("data", "images", "context", "code", "versions", "encoders", "assets", "init", "teacher"),
    "precision",
)


def image_digest(samples: Iterable[Sample]) -> str:
    """Return the digest of the images and regions of samples, by content, in order.

    Where files lie and when they were written does not enter; that one is absent does.
    """
    digest, digests = hashlib.sha256(), dict[Path, str]()
    for sample in samples:
        for image in sample.images:
            digest.update(_described(image, digests).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def context_digest(samples: Iterable[Sample], fields: Iterable[str]) -> str:
    """Return the digest of the context fields of samples that are read, in order."""
    digest, names = hashlib.sha256(), tuple(fields)
    if not names:
        return "not read"
    for sample in samples:
        texts = dict(sample.context)
        digest.update(repr([texts.get(name) for name in names]).encode())
    return digest.hexdigest()


def code_digests(*models: type[object]) -> dict[str, str]:
    """Return the digest of gmf's own code, of files named by ``--code``, and of models' code.

    Args:
        models: Classes of models, which may come from elsewhere: their files, or all of the
            packages that hold them.
    """
    own = Path(__file__).parents[1]
    files = [path.resolve() for path in code_files()]
    digests = {"gmf": [_digest_of_package(own)]}
    for model in models:
        source, package = Path(inspect.getfile(model)).resolve(), model.__module__.partition(".")[0]
        if own in source.parents or source in files or not source.is_file():
            continue
        folders = getattr(sys.modules.get(package), "__path__", None)
        if not folders:
            files.append(source)
        elif package not in digests:
            digests[package] = [_digest_of_package(Path(folder)) for folder in folders]
    for path in files:
        digests.setdefault(path.name, []).append(sha256_of(path))
    return {name: "+".join(several) for name, several in digests.items()}


def _digest_of_package(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """Return which decisive part of a run's provenance is another than before, and how.

    Args:
        before: Provenance when the run was last worked on; what an older version did not note is
            not compared.
        now: What it would be now.
    """
    return {
        key: _difference(before[key], now[key])
        for key in DECISIVE
        if key in before and key in now and before[key] != now[key]
    }


def _described(image: ImageInput, digests: dict[Path, str]) -> str:
    regions = [
        (region.box, region.label, region.score, _content(region.crop, digests))
        for region in image.regions
    ]
    return repr((_content(image.source, digests), regions))


def _content(source: Path | bytes | None, digests: dict[Path, str]) -> str:
    if source is None:
        return ""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    if source not in digests:
        try:  # A pipe or a device is never read to its end.
            digests[source] = sha256_of(source) if is_there(source) else "absent"
        except (OSError, ValueError):
            digests[source] = "absent"
    return digests[source]


def _named(item: Mapping[str, Any]) -> str:
    """Return what tells a file of the data from the others: its split, and the corpus if named."""
    part, source = str(item.get("part")), str(item.get("source"))
    return f"{part} of {source.rpartition('/')[0]}" if "/" in source else part


def _difference(before: Any, now: Any) -> str:
    """Return the names of what differs, with both values where they are short."""
    if isinstance(before, list) and isinstance(now, list):
        before, now = ({_named(item): item for item in items} for items in (before, now))
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        return "" if len(str(before)) > 20 else f"{before} there, {now} now"
    names = sorted({*before, *now})
    differing = [name for name in names if before.get(name) != now.get(name)]
    parts = [(name, _difference(before.get(name), now.get(name))) for name in differing]
    if any(isinstance(item.get(name), Mapping) for item in (before, now) for name in differing):
        return ", ".join(name for name, _ in parts)
    return ", ".join(f"{name} ({how})" if how else name for name, how in parts)
