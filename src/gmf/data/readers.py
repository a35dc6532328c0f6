"""Files of the field to samples: the Twitter-2015/2017 CoNLL layout, and one split of a folder."""

from collections.abc import Callable, Mapping
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.tags import TYPE_ALIASES, alias_tag
from gmf.core.types import ImageInput, Region, Sample
from gmf.data.conll import RawTweet, fail, read_blocks
from gmf.data.jsonl import read_jsonl, read_regions
from gmf.data.paths import inside

#: File stems of each split, best first.
SPLIT_NAMES = {"train": ("train",), "dev": ("dev", "valid", "val"), "test": ("test",)}
#: File endings that hold a split.
SPLIT_SUFFIXES = (".txt", ".conll", ".jsonl")


def read_conll(
    path: Path,
    *,
    image_folder: Path | None = None,
    regions: Mapping[str, tuple[Region, ...]] | None = None,
    aliases: Mapping[str, str] = TYPE_ALIASES,
    on_fault: Callable[[DataError], None] = fail,
) -> list[Sample]:
    """Read token lines separated by TAB, the tag in the last column, tweets parted by empty lines.

    Every odd token is kept (U+00A0, U+FE0F, URLs). A tweet without ``IMGID:`` line is named
    ``<file stem>-<position from 1>``. A file of one column is unlabelled. Broken BIO2 is kept.

    Args:
        path: The file.
        image_folder: Where ``<IMGID>.jpg`` lies; a listed file may be absent. ``None``: no images.
        regions: Object regions by image file name.
        aliases: Entity types to rename; by default ``OTHER`` is read as ``MISC``.
        on_fault: Called with each fault; the line or tweet is then left out. By default raised.

    Raises:
        DataError: With file and line, if a line breaks the layout or a tag is not BIO2.
    """
    samples: list[Sample] = []
    for position, tweet in enumerate(read_blocks(path, on_fault=on_fault), 1):
        try:
            samples.append(
                Sample(
                    id=tweet.id if tweet.id is not None else f"{path.stem}-{position}",
                    tokens=tweet.tokens,
                    tags=_tags_of(tweet, path=path, aliases=aliases),
                    images=_images_of(tweet, path, image_folder, regions or {}),
                    origin=f"{path}:{tweet.line}",
                )
            )
        except DataError as error:
            on_fault(error)
    return samples


def find_split(folder: Path, *, split: str) -> Path:
    """Return the file of a split.

    Args:
        folder: Folder of a data set.
        split: ``train``, ``dev`` or ``test``; ``dev`` may be named ``dev``, ``valid`` or ``val``.

    Raises:
        DataError: If no file or more than one file is there, or the split is unknown.
    """
    if split not in SPLIT_NAMES:
        raise DataError(f"split {split!r}: expected one of {', '.join(SPLIT_NAMES)}", path=folder)
    names = [stem + suffix for stem in SPLIT_NAMES[split] for suffix in SPLIT_SUFFIXES]
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise DataError(f"no file for split {split!r}; expected {', '.join(names)}", path=folder)
    if len(found) > 1:
        listed = ", ".join(path.name for path in found)
        raise DataError(f"several files for split {split!r}: {listed}; keep one", path=folder)
    return found[0]


def splits_of(folder: Path) -> list[str]:
    """Return the splits that a folder holds, in the order train, dev, test.

    Raises:
        DataError: If the folder is absent or holds none, or a split has several files.
    """
    if not folder.is_dir():
        raise DataError("no such folder", path=folder)
    there = [
        split
        for split, stems in SPLIT_NAMES.items()
        if any((folder / (s + suffix)).is_file() for s in stems for suffix in SPLIT_SUFFIXES)
    ]
    if not there:
        raise DataError("no train, dev (or valid) or test file (.txt, .conll, .jsonl)", path=folder)
    return there


def read_split(
    folder: Path, split: str, *, on_fault: Callable[[DataError], None] = fail
) -> list[Sample]:
    """Read one split of a folder.

    CoNLL files take their images from ``<folder>/images/<IMGID>.jpg``; JSONL files name their own.
    Object boxes come from an optional ``<folder>/regions.jsonl``, unless the JSONL file has them.

    Args:
        folder: Folder of a data set.
        split: ``train``, ``dev`` or ``test``.
        on_fault: Called with each fault, the line is then left out. By default it is raised.

    Raises:
        DataError: If the split is absent or a line is wrong.
    """
    path = find_split(folder, split=split)
    regions_path = folder / "regions.jsonl"
    regions = read_regions(regions_path, on_fault=on_fault) if regions_path.is_file() else None
    if path.suffix == ".jsonl":
        return read_jsonl(path, regions=regions, on_fault=on_fault)
    return read_conll(path, image_folder=folder / "images", regions=regions, on_fault=on_fault)


def _tags_of(tweet: RawTweet, *, path: Path, aliases: Mapping[str, str]) -> tuple[str, ...] | None:
    if tweet.tags is None:
        return None
    tags: list[str] = []
    for tag, line in zip(tweet.tags, tweet.row_lines, strict=True):
        try:
            tags.append(alias_tag(tag, aliases=aliases))
        except ValueError as error:
            raise DataError(str(error), path=path, line=line, field="tag") from error
    return tuple(tags)


def _images_of(
    tweet: RawTweet,
    path: Path,
    image_folder: Path | None,
    regions: Mapping[str, tuple[Region, ...]],
) -> tuple[ImageInput, ...]:
    if tweet.id is None or image_folder is None:
        return ()
    name = f"{tweet.id}.jpg"
    try:
        return (ImageInput(inside(image_folder, name), regions.get(name, ())),)
    except ValueError as error:
        raise DataError(str(error), path=path, line=tweet.line, field="IMGID") from error
