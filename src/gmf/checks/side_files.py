"""Checks of files beside the samples: captions, crop lists, phrases, image-text scores."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from gmf.checks.findings import Finding, finding_of
from gmf.checks.raw_samples import Split
from gmf.core.errors import DataError
from gmf.reading.reader import read_lines

_CAPTION = re.compile(r"(\S+?)(?:\.(?:jpg|jpeg|png|gif|webp))?(?: :|:|\t)(.*)", re.DOTALL)
Facts = dict[str, dict[str, object]]


def check_captions(splits: Sequence[Split], *, folder: Path) -> tuple[list[Finding], Facts]:
    """Check ``captions*.txt``: ``<id>.jpg :<caption>`` or ``<id>.jpg TAB <caption>`` a line."""
    ids = [sample.id for split in splits for sample in split.raw_samples if sample.id]
    findings: list[Finding] = []
    facts: Facts = {}
    for path in sorted(folder.glob("captions*.txt")):
        try:
            lines = [(n, line) for n, line in enumerate(read_lines(path), 1) if line]
        except DataError as error:
            findings.append(Finding("format", 1, path.name, str(error)))
            continue
        matches = [(number, _CAPTION.fullmatch(line)) for number, line in lines]
        captions = Counter(match[1] for _, match in matches if match)
        bad = [number for number, match in matches if not match]
        empty = [match[1] for _, match in matches if match and not match[2].strip()]
        findings += [
            *finding_of("format", bad, file=path.name, message="expected <id>.jpg :<caption>"),
            *finding_of("empty-caption", empty, file=path.name, message="captions without text"),
            *_coverage(captions, ids, file=path.name, thing="caption"),
        ]
        facts[path.name] = {"captions": len(captions), "tweets_with_caption": _hits(ids, captions)}
    return findings, facts


def check_lists(
    splits: Sequence[Split],
    *,
    folder: Path,
    keys: Mapping[str, Sequence[str]] | None = None,
) -> tuple[list[Finding], Facts]:
    """Check ``<split>_crops.json``, ``_phrases.json`` and ``_image_text_scores.tsv``.

    They lie in ``objects/`` or beside the samples.

    Args:
        splits: The samples.
        folder: The data set.
        keys: Expected keys by split; by default the lists are keyed by image name.
    """
    findings: list[Finding] = []
    facts: Facts = {}
    for split in splits:
        ids = keys[split.name] if keys else [sample.id for sample in split.raw_samples if sample.id]
        for path in companions(folder, split, "crops.json"):
            crops, faults = read_lists(path)
            listed = Counter(Path(key).stem for key in crops)
            findings += [*faults, *_coverage(listed, ids, file=path.name, thing="crops")]
            some, facts[path.name] = check_crop_files(crops, folder=folder, split=split, path=path)
            findings += some
            facts[path.name]["tweets_with_crops"] = _hits(ids, listed)
        for path in companions(folder, split, "phrases.json"):
            phrases, faults = read_lists(path)
            listed = Counter(Path(key).stem for key in phrases)
            findings += [*faults, *_coverage(listed, ids, file=path.name, thing="phrases")]
            facts[path.name] = {"tweets_with_phrases": _hits(ids, listed)}
        for path in companions(folder, split, "image_text_scores.tsv"):
            listed, faults = _read_scores(path)
            findings += [*faults, *_coverage(listed, ids, file=path.name, thing="scores")]
            facts[path.name] = {"tweets_with_scores": _hits(ids, listed)}
    return findings, facts


def companions(folder: Path, split: Split, ending: str) -> list[Path]:
    """Return the files of a split with such an ending that are there."""
    stems = {split.path.stem, split.name}
    paths = (
        parent / f"{stem}_{ending}" for parent in (folder / "objects", folder) for stem in stems
    )
    return [path for path in paths if path.is_file()]


def read_lists(path: Path) -> tuple[dict[str, object], list[Finding]]:
    """Read a JSON object; a fault becomes a finding."""
    try:
        content: object = json.loads("\n".join(read_lines(path)))
    except (DataError, ValueError, RecursionError) as error:
        return {}, [Finding("format", 1, path.name, f"not valid JSON: {error}")]
    if not isinstance(content, dict):
        return {}, [Finding("format", 1, path.name, "expected a JSON object keyed by image name")]
    return cast(dict[str, object], content), []


def check_crop_files(
    crops: dict[str, object], *, folder: Path, split: Split, path: Path
) -> tuple[list[Finding], dict[str, object]]:
    """Look for the listed crop files in ``crops/<split>/``, ``crops/`` and ``objects/``."""
    names: list[str] = []
    bad: list[str] = []
    for key, listed in crops.items():
        if isinstance(listed, list) and all(isinstance(name, str) for name in listed):
            names += cast(list[str], listed)
        else:
            bad.append(key)
    own = folder / "crops" / split.path.stem
    lying = _files_in(own)
    present = lying | _files_in(folder / "crops") | _files_in(folder / "objects")
    absent = [name for name in names if name not in present]
    findings = [
        *finding_of("format", bad, file=path.name, message="expected lists of file names"),
        *finding_of(
            "absent-crop", absent, file=path.name, message=f"of {len(names)} crops are not there"
        ),
        *finding_of(
            "stray-crop", sorted(lying - set(names)), file=path.name, message="crops in no list"
        ),
    ]
    counts = Counter(len(cast(list[str], v)) for v in crops.values() if isinstance(v, list))
    return findings, {"lists": len(crops), "crops": len(names), "lists_by_size": dict(counts)}


def _files_in(home: Path) -> set[str]:
    return {item.name for item in home.iterdir() if item.is_file()} if home.is_dir() else set()


def _read_scores(path: Path) -> tuple[Counter[str], list[Finding]]:
    try:
        header, *lines = read_lines(path) or [""]
    except DataError as error:
        return Counter(), [Finding("format", 1, path.name, str(error))]
    keys: Counter[str] = Counter()
    bad: list[int] = []
    for number, line in enumerate(lines, 2):
        image, *scores = line.split("\t")
        keys[Path(image).stem] += 1
        if len(scores) != len(header.split("\t")) - 1 or not all(map(_is_share, scores)):
            bad.append(number)
    message = "expected an image name and scores between 0 and 1, separated by TAB"
    return keys, finding_of("format", bad, file=path.name, message=message)


def _is_share(text: str) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    return math.isfinite(number) and 0 <= number <= 1


def _coverage(keys: Counter[str], ids: Sequence[str], *, file: str, thing: str) -> list[Finding]:
    known_ids = set(ids)
    return [
        *finding_of(
            f"{thing}-without-tweet",
            sorted(set(keys) - known_ids),
            file=file,
            message=f"{thing} for images that no post names",
        ),
        *finding_of(
            f"tweet-without-{thing}",
            [identifier for identifier in dict.fromkeys(ids) if identifier not in keys],
            file=file,
            message=f"posts for which there is no {thing}",
        ),
        *finding_of(
            f"double-{thing}",
            [key for key, number in keys.items() if number > 1],
            file=file,
            message=f"images listed twice for {thing}",
        ),
    ]


def _hits(ids: Iterable[str], keys: Counter[str]) -> int:
    return sum(identifier in keys for identifier in ids)
