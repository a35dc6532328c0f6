"""Readers by name, and the splits of a data set's folder."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.registry import Registry, names_by_suffix, suffix_of
from gmf.core.tags import is_bio, regular_tag
from gmf.core.types import Region, Sample
from gmf.data.reader import Reader, fail
from gmf.data.regions_file import REGIONS_FILE, read_regions

readers: Registry[type[Reader]] = Registry(
    "reader",
    group="gmf.readers",
    built_in={"conll": "gmf.data.conll:ConllReader", "jsonl": "gmf.data.jsonl:JsonlReader"},
)

#: File stems of each split, best first.
SPLIT_NAMES = {"train": ("train",), "dev": ("dev", "valid", "val"), "test": ("test",)}


def split_files(folder: Path, *, split: str) -> list[Path]:
    """Return the files that a split may have, present or not, best first."""
    suffixes = names_by_suffix(readers)
    return [folder / (stem + suffix) for stem in SPLIT_NAMES[split] for suffix in suffixes]


def reader_of(path: Path) -> Reader:
    """Return the reader of a file, chosen by its ending.

    Raises:
        DataError: If no reader has the ending.
    """
    return readers.get(_reader_name(path))()


def _reader_name(path: Path) -> str:
    names = names_by_suffix(readers)
    suffix = suffix_of(path, names)
    if suffix is None:
        raise DataError(f"expected a file that ends with {', '.join(names)}", path=path)
    return names[suffix]


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
    candidates = split_files(folder, split=split)
    present = [path for path in candidates if path.is_file()]
    if not present:
        names = ", ".join(path.name for path in candidates)
        raise DataError(f"no file for split {split!r}; expected {names}", path=folder)
    if len(present) > 1:
        names = ", ".join(path.name for path in present)
        raise DataError(f"several files for split {split!r}: {names}; keep one", path=folder)
    return present[0]


def splits_of(folder: Path) -> list[str]:
    """Return the splits that a folder holds, in the order train, dev, test.

    Raises:
        DataError: If the folder is absent or holds none.
    """
    if not folder.is_dir():
        raise DataError("no such folder", path=folder)
    present = [
        split
        for split in SPLIT_NAMES
        if any(path.is_file() for path in split_files(folder, split=split))
    ]
    if not present:
        suffixes = ", ".join(names_by_suffix(readers))
        raise DataError(f"no train, dev (or valid) or test file ({suffixes})", path=folder)
    return present


def read_file(path: Path, *, on_fault: Callable[[DataError], None] = fail) -> list[Sample]:
    """Read a file by the reader of its ending; the type ``OTHER`` is read as ``MISC``.

    Args:
        path: The file.
        on_fault: Called with each fault, the line is then left out. By default it is raised.

    Raises:
        DataError: If no reader has the ending, or a line is wrong.
    """
    with readers.named_in_errors(_reader_name(path)):
        samples = reader_of(path).read(path, on_fault=on_fault)
    return _with_regular_tags(samples, path, on_fault)


def read_split(
    folder: Path, split: str, *, on_fault: Callable[[DataError], None] = fail
) -> list[Sample]:
    """Read one split of a folder.

    CoNLL files take their images from ``<folder>/images/<IMGID>.jpg``; JSONL files name their own.
    Images without regions get those of an optional ``<folder>/regions.jsonl``. The type ``OTHER``
    is read as ``MISC``.

    Args:
        folder: Folder of a data set.
        split: ``train``, ``dev`` or ``test``.
        on_fault: Called with each fault, the line is then left out. By default it is raised.

    Raises:
        DataError: If the split is absent or a line is wrong.
    """
    path = find_split(folder, split=split)
    samples = read_file(path, on_fault=on_fault)
    if not (folder / REGIONS_FILE).is_file():
        return samples
    regions = read_regions(folder / REGIONS_FILE, on_fault=on_fault)
    image_folder = reader_of(path).image_folder(folder)
    return [_with_regions(sample, regions, image_folder) for sample in samples]


def _with_regular_tags(
    samples: Iterable[Sample], path: Path, on_fault: Callable[[DataError], None]
) -> list[Sample]:
    regular: list[Sample] = []
    for sample in samples:
        foreign = next((tag for tag in sample.tags or () if not is_bio(tag)), None)
        if foreign is not None or (sample.tags and len(sample.tags) != len(sample.tokens)):
            message = (
                f"tag {foreign!r}: expected O, B-TYPE or I-TYPE, for example B-PER"
                if foreign is not None
                else f"expected {len(sample.tokens)} tags, got {len(sample.tags or ())}"
            )
            on_fault(DataError(message, path=sample.origin or path, field="tags"))
            continue
        tags = None if sample.tags is None else tuple(map(regular_tag, sample.tags))
        regular.append(sample if tags == sample.tags else replace(sample, tags=tags))
    return regular


def _with_regions(
    sample: Sample, regions: Mapping[str, tuple[Region, ...]], image_folder: Path
) -> Sample:
    images = list(sample.images)
    for position, image in enumerate(images):
        if image.regions or isinstance(image.source, bytes):
            continue
        if image.source.is_relative_to(image_folder):
            name = image.source.relative_to(image_folder).as_posix()
            images[position] = replace(image, regions=regions.get(name, ()))
    return replace(sample, images=tuple(images))
