"""Checks of image files: absent, broken, blank, double, misnamed, named by no sample."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gmf.checks.findings import Finding, finding_of
from gmf.checks.raw_samples import Split
from gmf.data.images import FaultKind, UnusableImageError, open_image, read_source
from gmf.reading.image_folders import IMAGE_SUFFIXES, ImageFolder, image_folder_of
from gmf.reading.near_files import NO_URL, is_there, url_in
from gmf.reading.readers import reader_of

#: An image whose grey levels deviate less than this (of 255) from their mean shows nothing.
#: The stand-in of published MNER code has 2.2, the plainest of the benchmark images here 29.
BLANK_DEVIATION = 4.0


@dataclass(frozen=True)
class ImageFacts:
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
    """The images of a data set.

    Args:
        images: Readable ones by path.
        findings: Irregularities of files.
        num_named: Images that samples name.
        num_present: Those whose file is there, readable or not.
        folder: Where they lie, unless files name them elsewhere.
    """

    images: dict[Path, ImageFacts]
    findings: tuple[Finding, ...]
    num_named: int
    num_present: int
    folder: Path

    def size_of(self, path: Path) -> tuple[int, int] | None:
        """Return width and height of a readable image."""
        image = self.images.get(path)
        return image.size if image else None


def images_of(split: Split, *, folder: Path) -> list[Path]:
    """Return the image files that a split's samples name, in order, each once.

    Args:
        split: The split.
        folder: Folder of the images.
    """
    paths: dict[Path, None] = {}
    names_images = reader_of(split.path).names_images
    ids = {sample.id for sample in split.raw_samples}
    images = ImageFolder(folder, split=split.path.stem, ids=ids)
    for sample in split.raw_samples:
        if names_images:
            sources = [image.source for image in sample.images]
        else:
            sources = _paths_of(images, sample.id) if sample.id else ()
        paths.update((source, None) for source in sources if isinstance(source, Path))
    return list(paths)


def image_paths(folder: Path, identifiers: Iterable[str]) -> list[Path]:
    """Return where the image of each identifier or name of an image lies in a folder."""
    images = ImageFolder(folder)
    return [_paths_of(images, identifier)[0] for identifier in identifiers]


def _paths_of(images: ImageFolder, identifier: str) -> tuple[Path, ...]:
    try:
        return images.images_of(identifier)
    except ValueError:
        return (images.path / "unusable-identifier",)


def read_album(folder: Path, *, splits: Sequence[Split], images: Path | None = None) -> Album:
    """Read every image file that samples name or that lies in the folder.

    Args:
        folder: The data set.
        splits: Its splits, whose samples name images.
        images: Folder of the images; ``None`` looks in the usual places.
    """
    image_folder = images or image_folder_of(folder)
    images_by_file = {split.file: images_of(split, folder=image_folder) for split in splits}
    findings: list[Finding] = []
    wanted = {path for paths in images_by_file.values() for path in paths}
    for file, paths in images_by_file.items():
        urls = {path: url for path in paths if (url := url_in(path))}
        absent = [path.name for path in paths if path not in urls and not is_there(path)]
        message = f"of {len(paths)} images are not there"
        findings += finding_of("absent-image", absent, file=file, message=message)
        message = f"of {len(paths)} images are URLs: {NO_URL}"
        findings += finding_of("url-image", urls.values(), file=file, message=message)
    lying = sorted(_image_files(folder, image_folder))
    file_name = "images"
    stray = [_shown(path, folder) for path in lying if path not in wanted]
    message = "image files that no post names"
    findings += finding_of("stray-image", stray, file=file_name, message=message)
    facts: dict[Path, ImageFacts] = {}
    faults: list[UnusableImageError] = []
    for path in sorted({*lying, *filter(is_there, wanted)}):
        try:
            facts[path] = _read(path)
        except UnusableImageError as fault:
            faults.append(fault)
    for kind, large in (("broken-image", False), ("too-large-image", True)):
        mine = [f for f in faults if (f.kind is FaultKind.TOO_LARGE) == large]
        named_faults = [f"{_shown(Path(f.name), folder)}: {f.detail}" for f in mine]
        message = "images over the pixel limit" if large else "files that cannot be read as images"
        findings += finding_of(kind, named_faults, file=file_name, message=message)
    findings += _oddities(facts, folder=folder, file_name=file_name)
    present = sum(map(is_there, wanted))
    return Album(facts, tuple(findings), len(wanted), present, image_folder)


def _oddities(images: dict[Path, ImageFacts], *, folder: Path, file_name: str) -> list[Finding]:
    blank = [_shown(p.path, folder) for p in images.values() if p.is_blank]
    misnamed = [
        f"{_shown(p.path, folder)} is {p.format}"
        for p in images.values()
        if IMAGE_SUFFIXES.get(p.path.suffix.lower()) != p.format
    ]
    first: dict[str, Path] = {}
    double: list[str] = []
    for image in images.values():
        before = first.setdefault(image.digest, image.path)
        if before != image.path:
            double.append(f"{_shown(before, folder)}={_shown(image.path, folder)}")
    return [
        *finding_of("blank-image", blank, file=file_name, message="images that show nothing"),
        *finding_of("duplicate-image", double, file=file_name, message="the same file twice"),
        *finding_of(
            "misnamed-image", misnamed, file=file_name, message="the ending names another format"
        ),
    ]


def _read(path: Path) -> ImageFacts:
    content = read_source(path)
    image = open_image(path)
    grey = np.asarray(image.convert("L").resize((64, 64)), dtype=np.float64)
    return ImageFacts(
        path=path,
        size=image.size,
        digest=hashlib.sha256(content).hexdigest(),
        format=str(image.format),
        is_blank=float(grey.std()) < BLANK_DEVIATION,
    )


def _image_files(folder: Path, images: Path) -> Iterable[Path]:
    for path in (*folder.glob("*"), *images.rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
            yield path


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
