"""Can gmf train on this folder? Every fault of its files, with file and line."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from gmf.checks.findings import Finding
from gmf.core.errors import DataError
from gmf.core.tags import is_legal_move
from gmf.core.types import Sample
from gmf.data.images import FaultKind, UnusableImageError, crop_box, open_image
from gmf.reading.near_files import NO_URL
from gmf.reading.reader import DEFAULTS, ReadOptions
from gmf.reading.readers import like_a_split, read_split, splits_of
from gmf.reading.trainable import look_alikes, training_faults, types_apart_by_case


def validate_folder(
    folder: Path, *, options: ReadOptions = DEFAULTS, only: Sequence[str] = ()
) -> list[Finding]:
    """Check all splits of a folder: format, BIO2, identifiers, images and boxes.

    What has no error ``gmf train`` trains on. Absent images are summed up in one warning a split,
    since many copies lack them.

    Args:
        folder: The folder.
        options: How its files are read, where they cannot tell.
        only: The only splits that are checked; whether one can train is then not asked.

    Raises:
        DataError: If the folder holds no split.
    """
    findings: list[Finding] = []

    def note(error: DataError) -> None:
        location = ":".join(str(part) for part in (error.path, error.line) if part is not None)
        findings.append(Finding("format", 1, location or str(folder), str(error)))

    def report(message: str) -> None:
        findings.append(Finding("reading", 1, str(folder), message))

    seen: dict[str, str] = {}
    splits: dict[str, list[Sample]] = {}
    for split in only or splits_of(folder):
        try:
            samples = read_split(folder, split, options=options, on_fault=note, on_note=report)
        except DataError as error:
            note(error)
            continue
        splits[split] = samples
        for sample in samples:
            findings += _tag_findings(sample)
            if sample.id in seen:
                message = f"identifier {sample.id!r} is also at {seen[sample.id]}"
                findings.append(Finding("duplicate-id", 1, sample.origin, message))
            seen.setdefault(sample.id, sample.origin)
        findings += _image_findings(samples, location=f"{folder} ({split})")
    for name in () if only else sorted({"train", "dev"} - set(splits_of(folder))):
        message = (
            f"no split {name}: gmf train needs train and dev; --split checks others alone"
            f"{like_a_split(folder, name)}"
        )
        findings.append(Finding("not-trainable", 1, str(folder), message))
    labelled = [sample for samples in splits.values() for sample in samples]
    for message in types_apart_by_case(labelled):
        findings.append(Finding("types-apart-by-case", 1, str(folder), message))
    alike = look_alikes(labelled)
    faults = [] if only else training_faults(splits, folder=folder)
    for fault in (*alike, *faults):
        findings.append(Finding("not-trainable", 1, str(fault.path or folder), str(fault)))
    return findings


def _tag_findings(sample: Sample) -> list[Finding]:
    previous: str | None = None
    findings: list[Finding] = []
    for index, tag in enumerate(sample.tags or ()):
        if not is_legal_move(previous, tag):
            after = "at the start" if previous is None else f"after {previous}"
            message = (
                f"word {index} {sample.tokens[index]!r} of {sample.id!r}: {tag} {after} is not "
                "BIO2; counted as an entity by the lenient rule only"
            )
            findings.append(Finding("bio2", 1, sample.origin, message))
        previous = tag
    return findings


def _image_findings(samples: Sequence[Sample], *, location: str) -> list[Finding]:
    findings: list[Finding] = []
    absent: list[str] = []
    urls: list[str] = []
    faulty: dict[str, list[str]] = defaultdict(list)
    for sample in samples:
        for image in sample.images:
            try:
                opened = open_image(image.source)
            except UnusableImageError as fault:
                if fault.kind is FaultKind.ABSENT:
                    hint = fault.detail.removeprefix("no such file")
                    absent.append(f"{fault.name}{hint}")
                elif fault.kind is FaultKind.REFUSED:
                    urls.append(fault.name)
                else:
                    faulty[str(fault)].append(sample.origin)
                continue
            for region in image.regions:
                try:
                    if region.crop is not None:
                        open_image(region.crop)
                    elif region.box is not None:
                        crop_box(opened, region.box, name=str(image.source))
                except UnusableImageError as fault:
                    faulty[str(fault)].append(sample.origin)
    for message, origins in faulty.items():
        findings.append(Finding("image", len(origins), origins[0], message))
    total = sum(len(sample.images) for sample in samples)
    if urls:
        message = f"{len(urls)} of {total} images are URLs, the first is {urls[0]}: {NO_URL}"
        findings.append(Finding("url-image", len(urls), location, message))
    if absent:
        message = f"{len(absent)} of {total} images are absent, the first is {absent[0]}"
        findings.append(Finding("absent-image", len(absent), location, message))
    return findings
