"""What a data set must have so that a model can learn from it, for checks and for training."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.tags import OUTSIDE, split_tag
from gmf.core.types import Sample
from gmf.reading.looks import look_of
from gmf.reading.near_files import NO_URL, is_there, url_in
from gmf.reading.tag_schemes import is_disguised

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


def look_alikes(samples: Iterable[Sample]) -> list[DataError]:
    """Return a fault for each type that looks like an earlier one, or like a tag; see ``look_of``.

    Args:
        samples: Samples of all splits, labelled or not.
    """
    seen: dict[str, tuple[str, str]] = {}
    faults: list[DataError] = []
    for name, origin in _first_origins(samples).items():
        usual, place = seen.setdefault(look_of(name), (name, origin))
        if usual != name:
            where = f" of {place}" if place else ""
            message = f"type {name!a} looks like {usual!a}{where} and is another; write it so"
        elif is_disguised(name):
            message = f"type {name!a} looks like a tag; write its prefix in plain letters"
        else:
            continue
        faults.append(DataError(message, path=origin or None, field="tags"))
    return faults


def _first_origins(samples: Iterable[Sample]) -> dict[str, str]:
    """Return where each type stands first, in order; the empty type is that of ``O``."""
    origins: dict[str, str] = {}
    for sample in samples:
        for tag in sample.tags or ():
            origins.setdefault(split_tag(tag)[1], sample.origin)
    return origins


def types_apart_by_case(samples: Iterable[Sample]) -> list[str]:
    """Return what to tell of types that differ by capitals alone, which may be two on purpose."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for sample in samples:
        for name in (split_tag(tag)[1] for tag in sample.tags or () if tag != OUTSIDE):
            counts[name] += 1
            first.setdefault(name, sample.origin)
    groups: dict[str, list[str]] = defaultdict(list)
    for name in first:
        groups[name.casefold()].append(name)
    return [
        "types that differ by capitals alone are read as several: "
        + ", ".join(f"{name!r} ({counts[name]} words, first in {first[name]})" for name in names)
        for names in groups.values()
        if len(names) > 1
    ]


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
    absent = sorted(file for file in files if not is_there(file))
    present = len(files) - len(absent)
    if not files or present / len(files) >= MIN_PRESENT_SHARE:
        return ""
    urls = [url for file in absent if (url := url_in(file))]
    example = (
        f"{len(urls)} are URLs, such as {urls[0]}, and {NO_URL}"
        if urls
        else (f"{absent[0]} for example is not")
    )
    return (
        f"only {present} of {len(files)} images are there, {example}: what a "
        "model learns of images from so few is noise, and posts with an image may be tagged worse "
        "than without; name their folder with data.images=DIR, bring the images, or train a "
        "text-only model (model=bert-crf)"
    )


def images_tell_the_corpus(samples: Iterable[Sample]) -> str:
    """Return what to tell before training on corpora with images and others next to without.

    Args:
        samples: The training samples.

    Returns:
        The warning; empty if the samples do not say which corpus they are of, or all are alike.
    """
    posts: Counter[str] = Counter()
    pictured: Counter[str] = Counter()
    for sample in samples:
        posts[sample.corpus] += 1
        sources = (image.source for image in sample.images)
        pictured[sample.corpus] += any(not isinstance(s, Path) or is_there(s) for s in sources)
    without = [name for name in posts if pictured[name] < MIN_PRESENT_SHARE * posts[name]]
    if not 0 < len(without) < len(posts):
        return ""
    listed = ", ".join(f"{name} {pictured[name]} of {posts[name]}" for name in posts)
    return (
        f"posts with images by corpus: {listed}; an image tells which corpus a post is of, which "
        f"the model learns: posts like those of {without[0]} may be tagged worse with an image "
        "than without; score them with images too"
    )
