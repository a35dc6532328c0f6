"""Checks of image files: absent, broken, blank, double, misnamed, named by no tweet."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gmf.checks.findings import Finding, finding_of
from gmf.checks.raw_samples import Split
from gmf.data.images import FaultKind, UnusableImageError, open_image, read_source
from gmf.reading.image_folders import IMAGE_SUFFIXES, ImageFolder, image_folder_of
from gmf.reading.readers import reader_of

#: A picture whose grey levels deviate less than this (of 255) from their mean shows nothing.
#: The stand-in of published MNER code has 2.2, the plainest of the benchmark images here 29.
BLANK_DEVIATION = 4.0


@dataclass(frozen=True)
class Picture:
    """A decoded image file, reduced to what the checks need.

    Args:
        path: The file.
        size: Width and height in pixels, upright.
        digest: sha256 of its bytes.
        format: Format by content.
        is_blank: Whether it shows nothing.
    """

    path: Path
    size: tuple[int, int]
    digest: str
    format: str
    is_blank: bool


@dataclass(frozen=True)
class Album:
    """The pictures of a data set.

    Args:
        pictures: Readable ones by path.
        findings: Irregularities of files.
        num_named: Images that tweets name.
        num_present: Those whose file is there, readable or not.
    """

    pictures: dict[Path, Picture]
    findings: tuple[Finding, ...]
    num_named: int
    num_present: int

    def size_of(self, path: Path) -> tuple[int, int] | None:
        """Return width and height of a readable picture."""
        picture = self.pictures.get(path)
        return picture.size if picture else None


def images_of(split: Split, *, folder: Path) -> list[Path]:
    """Return the image files that a split's tweets name, in order, each once."""
    named: dict[Path, None] = {}
    names_images = reader_of(split.path).names_images
    ids = {tweet.id for tweet in split.tweets}
    images = ImageFolder(image_folder_of(folder), split=split.path.stem, ids=ids)
    for tweet in split.tweets:
        if names_images:
            sources = [image.source for image in tweet.images]
        else:
            sources = _paths_of(images, tweet.id) if tweet.id else ()
        named.update((source, None) for source in sources if isinstance(source, Path))
    return list(named)


def image_paths(folder: Path, identifiers: Iterable[str]) -> list[Path]:
    """Return where the image of each identifier or name of an image lies."""
    images = ImageFolder(image_folder_of(folder))
    return [_paths_of(images, identifier)[0] for identifier in identifiers]


def _paths_of(images: ImageFolder, identifier: str) -> tuple[Path, ...]:
    try:
        return images.images_of(identifier)
    except ValueError:
        return (images.path / "unusable-identifier",)


def read_album(folder: Path, *, named: dict[str, list[Path]]) -> Album:
    """Read every image file that tweets name or that lies in the folder.

    Args:
        folder: The data set.
        named: Image files that tweets name, by the file of the split.
    """
    findings: list[Finding] = []
    wanted = {path for paths in named.values() for path in paths}
    for file, paths in named.items():
        absent = [path.name for path in paths if not path.is_file()]
        message = f"of {len(paths)} images are not there"
        findings += finding_of("absent-image", absent, file=file, message=message)
    lying = sorted(_image_files(folder))
    place = "images"
    stray = [_shown(path, folder) for path in lying if path not in wanted]
    message = "image files that no tweet names"
    findings += finding_of("stray-image", stray, file=place, message=message)
    pictures: dict[Path, Picture] = {}
    faults: list[UnusableImageError] = []
    for path in sorted({*lying, *(path for path in wanted if path.is_file())}):
        try:
            pictures[path] = _read(path)
        except UnusableImageError as fault:
            faults.append(fault)
    for kind, large in (("broken-image", False), ("too-large-image", True)):
        mine = [f for f in faults if (f.kind is FaultKind.TOO_LARGE) == large]
        named_faults = [f"{_shown(Path(f.name), folder)}: {f.detail}" for f in mine]
        message = "images over the pixel limit" if large else "files that cannot be read as images"
        findings += finding_of(kind, named_faults, file=place, message=message)
    findings += _oddities(pictures, folder=folder, place=place)
    return Album(pictures, tuple(findings), len(wanted), sum(path.is_file() for path in wanted))


def _oddities(pictures: dict[Path, Picture], *, folder: Path, place: str) -> list[Finding]:
    blank = [_shown(p.path, folder) for p in pictures.values() if p.is_blank]
    misnamed = [
        f"{_shown(p.path, folder)} is {p.format}"
        for p in pictures.values()
        if IMAGE_SUFFIXES.get(p.path.suffix.lower()) != p.format
    ]
    first: dict[str, Path] = {}
    double: list[str] = []
    for picture in pictures.values():
        before = first.setdefault(picture.digest, picture.path)
        if before != picture.path:
            double.append(f"{_shown(before, folder)}={_shown(picture.path, folder)}")
    return [
        *finding_of("blank-image", blank, file=place, message="pictures that show nothing"),
        *finding_of("duplicate-image", double, file=place, message="the same file twice"),
        *finding_of(
            "misnamed-image", misnamed, file=place, message="the ending names another format"
        ),
    ]


def _read(path: Path) -> Picture:
    content = read_source(path)
    image = open_image(path)
    grey = np.asarray(image.convert("L").resize((64, 64)), dtype=np.float64)
    return Picture(
        path=path,
        size=image.size,
        digest=hashlib.sha256(content).hexdigest(),
        format=str(image.format),
        is_blank=float(grey.std()) < BLANK_DEVIATION,
    )


def _image_files(folder: Path) -> Iterable[Path]:
    for path in (*folder.glob("*"), *image_folder_of(folder).rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
            yield path


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
