"""Readers by name, and the splits of a data set's folder."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gmf.core.errors import DataError
from gmf.core.registry import Registry
from gmf.core.suffixes import names_by_suffix, suffix_of
from gmf.core.tags import regular_tag
from gmf.core.types import Region, Sample
from gmf.reading.context_file import CONTEXT_FILE, read_context
from gmf.reading.image_folders import TEXT_FOLDERS, annotation_sources, names_of
from gmf.reading.json_rows import is_json
from gmf.reading.near_files import names_in
from gmf.reading.reader import DEFAULTS, Reader, ReadOptions, fail, fault_of
from gmf.reading.regions_file import REGIONS_FILE, read_regions, stray_regions
from gmf.reading.tag_schemes import FileTags, foreign_tag, read_tags, what_is_expected

readers: Registry[type[Reader]] = Registry(
    "reader",
    group="gmf.readers",
    base=Reader,
    built_in={"conll": "gmf.reading.conll:ConllReader", "jsonl": "gmf.reading.jsonl:JsonlReader"},
)

#: File stems of each split, best first.
SPLIT_NAMES = {"train": ("train",), "dev": ("dev", "valid", "val", "validation"), "test": ("test",)}


def split_files(folder: Path, *, split: str) -> list[Path]:
    """Return the files that a split may have, present or not, best first."""
    suffixes = names_by_suffix(readers)
    return [folder / (stem + suffix) for stem in SPLIT_NAMES[split] for suffix in suffixes]


def reader_of(path: Path, *, options: ReadOptions = DEFAULTS) -> Reader:
    """Return the reader of a file, chosen by its ending, or by its content if that is JSON.

    Args:
        path: The file.
        options: How it is read.

    Raises:
        DataError: If no reader has the ending.
    """
    return named_reader(_reader_name(path), options=options)


def named_reader(name: str, *, options: ReadOptions = DEFAULTS) -> Reader:
    """Return the reader of a name; what one of others reads is checked.

    Raises:
        ConfigError: If there is none, or it cannot be made.
    """
    with readers.named_in_errors(name):
        reader = readers.get(name)()
    reader.options = options
    if readers.origin(name).source != "gmf":
        setattr(reader, "read", partial(_checked, name, reader.read))  # noqa: B010
    return reader


def _checked(
    name: str,
    read: Callable[..., Any],
    path: Path,
    *,
    on_fault: Callable[[DataError], None] = fail,
) -> list[Sample]:
    """Return what a reader of others reads, when it is samples; named as a fault of it if not."""
    with readers.named_in_errors(name, path=path):
        samples = list(read(path, on_fault=on_fault))
        for number, sample in enumerate(samples, 1):
            if fault := fault_of(sample):
                raise TypeError(f"read: sample {number}: {fault}")
    return samples


def _reader_name(path: Path) -> str:
    names = names_by_suffix(readers)
    suffix = suffix_of(path, names)
    if suffix is None:
        expected = f"expected a file that ends with {', '.join(names)}"
        raise DataError(expected + readers.left_out(), path=path)
    # Files of MNER-MI are JSON lines with the ending of CoNLL files.
    return "jsonl" if names[suffix] == "conll" and is_json(path) else names[suffix]


def find_split(folder: Path, *, split: str) -> Path:
    """Return the file of a split.

    Args:
        folder: Folder of a data set.
        split: ``train``, ``dev`` or ``test``; ``dev`` may be ``valid``, ``val`` or ``validation``.

    Raises:
        DataError: If the folder is absent, no file or more than one file is there, or the split is
            unknown.
    """
    if split not in SPLIT_NAMES:
        raise DataError(f"split {split!r}: expected one of {', '.join(SPLIT_NAMES)}", path=folder)
    if not folder.is_dir():
        home = " (~ is not read as your home folder here)" if str(folder).startswith("~") else ""
        raise DataError(f"no such folder{home}; expected the files of a data set", path=folder)
    present = present_files(folder, split)
    if not present:
        names = ", ".join(path.name for path in split_files(folder, split=split))
        hint = like_a_split(folder, split) + readers.left_out()
        raise DataError(f"no file for split {split!r}; expected {names}{hint}", path=folder)
    if len(present) > 1:
        names = ", ".join(path.name for path in present)
        raise DataError(f"several files for split {split!r}: {names}; keep one", path=folder)
    return present[0]


def present_files(folder: Path, split: str) -> list[Path]:
    """Return the files that a split has: of its name, else of names that end with it.

    A folder without any split is looked at with its folder of texts, ``txt`` or ``text``.
    """
    names = [path.name for path in split_files(folder, split=split)]
    for home in (folder, *(folder / name for name in TEXT_FOLDERS)):
        there = names_in(home)
        found = [n for n in names if n in there and (home / n).is_file()]
        found = found or [n for n in there if _without_prefix(n).lower() in names]
        if found or _has_splits(there):
            return [home / name for name in found]
    return []


def _has_splits(names: Iterable[str]) -> bool:
    wanted = {p.name for split in SPLIT_NAMES for p in split_files(Path(), split=split)}
    return any(_without_prefix(name).lower() in wanted for name in names)


def _without_prefix(name: str) -> str:
    """Return what follows the last separator: ``train.txt`` of ``MNER-MI_train.txt``."""
    return re.split(r"[_\-.](?=[^_\-.]+\.[^.]+$)", name)[-1]


def like_a_split(folder: Path, split: str) -> str:
    """Return a hint to a file that is named like a split but has an ending that is not read."""
    stems = SPLIT_NAMES[split]
    names = [n for n in names_in(folder) if n.lower().split(".")[0].endswith(stems)]
    if not names:
        return ""
    return (
        f"; {names[0]} is there: columns of words and tags are read by one of these names; other "
        "formats are brought into one of these by `gmf data convert`"
    )


def splits_of(folder: Path) -> list[str]:
    """Return the splits that a folder holds, in the order train, dev, test.

    Raises:
        DataError: If the folder is absent or holds none.
    """
    if not folder.is_dir():
        raise DataError("no such folder", path=folder)
    present = [split for split in SPLIT_NAMES if present_files(folder, split)]
    if not present:
        suffixes = ", ".join(names_by_suffix(readers))
        hint = next(filter(None, (like_a_split(folder, split) for split in SPLIT_NAMES)), "")
        inner = [n for n in names_in(folder) if _has_splits(names_in(folder / n))]
        hint = f"; {', '.join(inner[:5])} in it has: name that folder" if inner else hint
        hint += readers.left_out()
        raise DataError(f"no train, dev (or valid) or test file ({suffixes}){hint}", path=folder)
    return present


def read_file(
    path: Path,
    *,
    options: ReadOptions = DEFAULTS,
    on_fault: Callable[[DataError], None] = fail,
    on_note: Callable[[str], None] = lambda _: None,
) -> list[Sample]:
    """Read a file by the reader of its ending; the type ``OTHER`` is read as ``MISC``.

    Args:
        path: The file.
        options: How it is read, where it cannot tell.
        on_fault: Called with each fault, the line is then left out. By default it is raised.
        on_note: Called with what is read otherwise than the file has it.

    Raises:
        DataError: If no reader has the ending, or a line is wrong.
    """
    reader = reader_of(path, options=options)
    with readers.named_in_errors(_reader_name(path), path=path):
        samples = reader.read(path, on_fault=on_fault)
    tags = read_tags([sample.tags for sample in samples])
    for note in (*reader.notes, *tags.notes):
        on_note(f"{path}: {note}")
    return _with_regular_tags(samples, tags, path, on_fault)


def read_split(
    folder: Path,
    split: str,
    *,
    options: ReadOptions = DEFAULTS,
    on_fault: Callable[[DataError], None] = fail,
    on_note: Callable[[str], None] = lambda _: None,
) -> list[Sample]:
    """Read one split of a folder.

    CoNLL files take their images from ``<folder>/images/<IMGID>.jpg``, or the same with another
    ending or in another usual place, see ``image_folder_of``; JSONL files name their own.
    Images without regions get those of an optional ``<folder>/regions.jsonl``, samples the context
    of an optional ``<folder>/context.jsonl``. The type ``OTHER`` is read as ``MISC``.

    Args:
        folder: Folder of a data set.
        split: ``train``, ``dev`` or ``test``.
        options: How it is read, where it cannot tell.
        on_fault: Called with each fault, the line is then left out. By default it is raised.
        on_note: Called with what is read otherwise than the files have it.

    Raises:
        DataError: If the split or the stated folder of images is absent, or a line is wrong.
    """
    if options.images is not None and not options.images.is_dir():
        raise DataError("no such folder of images (data.images)", path=options.images)
    path = find_split(folder, split=split)
    samples = read_file(path, options=options, on_fault=on_fault, on_note=on_note)
    home = path.parent
    image_folder = reader_of(path, options=options).image_folder(home)
    if options.images is None and image_folder not in (home, home / "images"):
        on_note(f"{path}: images are taken from {image_folder}")
    file = next(filter(Path.is_file, (folder / REGIONS_FILE, home / REGIONS_FILE)), None)
    if file is None:
        _note_regions(path, on_note)
    else:
        regions = read_regions(file, on_fault=on_fault)
        if strays := stray_regions(regions, samples=samples, image_folder=image_folder):
            told = f"{len(strays)} of {len(regions)} images are none of split {split}"
            on_note(f"{file}: {told} and not there, such as {strays[0]!r}")
        samples = [_with_regions(sample, regions, image_folder) for sample in samples]
    usual = next(filter(Path.is_file, (folder / CONTEXT_FILE, home / CONTEXT_FILE)), None)
    if context_file := options.context or usual:
        context = read_context(context_file, on_fault=on_fault)
        samples = [context.added_to(sample, image_folder=image_folder) for sample in samples]
    return samples


def _note_regions(path: Path, on_note: Callable[[str], None]) -> None:
    """Tell of boxes and crops of others that lie beside a split and can become regions."""
    home = path.parent
    sources = [f"voc --from {source.name}" for source in annotation_sources(home)[:1]]
    sources += [
        f"hvpnet --from {name}=CROPS"
        for name in names_in(home)
        if name.endswith(f"{path.stem}_dict.pth")
    ]
    for source in sources:
        on_note(
            f"{path}: object regions lie beside it and are not used yet; "
            f"`gmf regions {home} --proposer {source}` brings them in"
        )


def _with_regular_tags(
    samples: Iterable[Sample],
    tags: FileTags,
    path: Path,
    on_fault: Callable[[DataError], None],
) -> list[Sample]:
    regular: list[Sample] = []
    for sample, read in zip(samples, tags.tags, strict=True):
        foreign = foreign_tag(read or ())
        message = ""
        if read is not None and foreign is not None:
            message = f"tag {read[foreign]!r}: {what_is_expected(read[foreign])}"
        elif read is not None and len(read) != len(sample.tokens):
            message = f"expected {len(sample.tokens)} tags, got {len(read)}"
        if message:
            on_fault(DataError(message, path=sample.origin or path, field="tags"))
            continue
        own = None if read is None else tuple(map(regular_tag, read))
        regular.append(sample if own == sample.tags else replace(sample, tags=own))
    return regular


def _with_regions(
    sample: Sample, regions: Mapping[str, tuple[Region, ...]], image_folder: Path
) -> Sample:
    images = list(sample.images)
    for position, image in enumerate(images):
        if image.regions or isinstance(image.source, bytes):
            continue
        name = next((n for n in names_of(image.source, image_folder) if n in regions), None)
        if name is not None:
            images[position] = replace(image, regions=regions[name])
    return replace(sample, images=tuple(images))
