"""What a data set must have so that a model can learn from it, for checks and for training."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.tags import OUTSIDE, split_tag
from gmf.core.types import Sample
from gmf.reading.near_files import is_there

#: Share of present images below which a model learns nothing reliable from images. With 10 in
#: 3,373 posts one learning rate made GMF tag nothing where there was an image (decision 0011).
MIN_PRESENT_SHARE = 0.05


def training_faults(
    splits: Mapping[str, Sequence[Sample]], *, folder: Path | None = None
) -> list[DataError]:
    """Return why nobody can train on these splits; nothing if one can.

    Args:
        splits: ``train`` and ``dev``, or one of them; others are not looked at.
        folder: Folder of the data set, for messages.
    """
    faults: list[DataError] = []
    types: dict[str, set[str]] = {}
    for name in ("train", "dev"):
        samples = splits.get(name)
        if samples is None:
            continue
        types[name] = {split_tag(tag)[1] for sample in samples for tag in sample.tags or ()} - {""}
        unlabelled = next((sample for sample in samples if sample.tags is None), None)
        if not samples:
            faults.append(DataError(f"split {name}: no sample in it", path=folder))
        if unlabelled is not None:
            message = f"split {name}: {unlabelled.id!r} has no tags; label it or leave it out"
            faults.append(DataError(message, path=unlabelled.origin or folder, field="tags"))
        elif name == "train" and samples and not types[name]:
            message = (
                f"split {name}: no entity in it, every tag is {OUTSIDE}; a model needs examples"
            )
            faults.append(DataError(message, path=folder))
    unknown = types.get("dev", set()) - types.get("train", types.get("dev", set()))
    if unknown and types.get("train"):
        faults.append(
            DataError(
                f"split dev: has types that split train does not: {', '.join(sorted(unknown))}; "
                "rename them, or move samples with them to train",
                path=folder,
            )
        )
    return faults


def absent_images(samples: Sequence[Sample]) -> str:
    """Return what to tell before training on images of which next to none are there.

    Args:
        samples: The training samples.

    Returns:
        The warning; empty if enough are there, or none is named.
    """
    files = {
        image.source
        for sample in samples
        for image in sample.images
        if isinstance(image.source, Path)
    }
    present = sum(map(is_there, files))
    if not files or present / len(files) >= MIN_PRESENT_SHARE:
        return ""
    first = min(files)
    return (
        f"only {present} of {len(files)} images are there, {first} for example is not: what a "
        "model learns of images from so few is noise, and posts with an image may be tagged worse "
        "than without; name their folder with data.images=DIR, bring the images, or train a "
        "text-only model (model=bert-crf)"
    )
