"""Where the images of a data set lie, and which of them a sample's identifier means."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from gmf.reading.near_files import is_there, names_in
from gmf.reading.paths import inside

#: Format of each ending of image files.
IMAGE_SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
}

#: Folders of images beside the text of a data set as the field distributes them; ``{}`` is the name
#: of the data set's folder: UMT, HVPNeT and their followers have ``twitter2015_images``.
_LAYOUTS = (
    "images",
    "{}_images",
    "image",
    "img",
    "imgs",
    "../{}_images",
    "../{}_image",
    "../{}-images",
    "../images/{}",
)
#: Folders of text alone, with the images beside them (GMNER, MNER-MI).
TEXT_FOLDERS = ("txt", "text", "texts")
_BESIDE_TEXT = ("../images", "../image", "../img", "../{}_images")
_NUMBERED = re.compile(r"(.+)[._-]\d+")


def image_folder_of(folder: Path) -> Path:
    """Return the folder of a data set's images: ``images`` in it, or a usual place beside it."""
    parent = folder.absolute()
    layouts = [layout.format(parent.name) for layout in _LAYOUTS]
    if parent.name.lower() in TEXT_FOLDERS:
        layouts += [layout.format(parent.parent.name) for layout in _BESIDE_TEXT]
    for layout in layouts:
        if (folder / layout).is_dir():
            if not layout.startswith("../"):
                return folder / layout
            return Path(os.path.normpath(parent / layout))
    return folder / "images"


def image_beside(folder: Path, name: str) -> Path:
    """Return the image of a name: in a folder, or if it is not there in a usual place beside it.

    Raises:
        ValueError: If the name leaves the folder.
    """
    usual = inside(folder, name)
    if is_there(usual) or Path(name).is_absolute():
        return usual
    beside = inside(image_folder_of(folder), name)
    return beside if is_there(beside) else usual


def names_of(image: Path, image_folder: Path) -> Iterator[str]:
    """Yield the names by which a side file may mean an image, none if it lies elsewhere.

    Args:
        image: The image file.
        image_folder: Folder that a reader's image names are relative to. Own data finds images in a
            usual place beside it, too, where their names are relative to that.
    """
    path = image.absolute()
    for folder_of in (Path, image_folder_of):  # The latter asks the disk, and is seldom needed.
        folder = folder_of(image_folder).absolute()
        if path.is_relative_to(folder):
            yield path.relative_to(folder).as_posix()


def annotation_sources(folder: Path) -> list[Path]:
    """Return the folders and archives of Pascal-VOC files of a data set, ``xml*``, sorted."""
    parent = folder.absolute()
    roots = [folder, parent.parent] if parent.name.lower() in TEXT_FOLDERS else [folder]
    found = [path for root in roots for path in sorted(root.glob("xml*"))]
    return [path for path in found if path.is_dir() or path.suffix == ".zip"]


def stem_of(name: str) -> str:
    """Return the name of an identifier or an image without its folder and ending, in NFC."""
    path = PurePosixPath(name)
    stem = path.stem if path.suffix.lower() in IMAGE_SUFFIXES else path.name
    return unicodedata.normalize("NFC", stem)


class ImageFolder:
    """The image files of a folder by the identifiers of samples.

    ``33`` means ``33.jpg``, or ``33`` with any other ending of images, or in a folder of its split;
    if there is none, ``33_0.jpg``, ``33-1.png`` and so on, unless another sample is named so.

    Args:
        path: The folder; need not be there.
        split: Name of a folder in it that is looked at too.
        ids: Identifiers of all samples.
    """

    def __init__(self, path: Path, *, split: str = "", ids: Collection[str] = ()) -> None:
        self.path, self._split, self._ids = path, split, frozenset(map(stem_of, ids))

    def images_of(self, identifier: str) -> tuple[Path, ...]:
        """Return the files of an identifier, or where its only one should be.

        Raises:
            ValueError: If the identifier leaves the folder.
        """
        has_suffix = PurePosixPath(identifier).suffix.lower() in IMAGE_SUFFIXES
        usual = inside(self.path, identifier if has_suffix else f"{identifier}.jpg")
        if "/" in identifier:
            return (usual,)
        key = stem_of(identifier)
        for folder, (names, stems, numbered) in self._listings:
            if name := names.get(unicodedata.normalize("NFC", usual.name)):
                return (folder / name,)
            if key in stems:
                return (folder / stems[key][0],)
            if key in numbered:
                return tuple(folder / name for name in numbered[key])
        return (usual,)

    @cached_property
    def _listings(self) -> list[tuple[Path, "_Listing"]]:
        folders = [self.path, self.path / self._split] if self._split else [self.path]
        return [(folder, _listed(names_in(folder), self._ids)) for folder in folders]


#: Files by NFC name, by stem (best ending first), and numbered ones by what stands before.
_Listing = tuple[dict[str, str], dict[str, list[str]], dict[str, list[str]]]


def _listed(files: Iterable[str], ids: Collection[str]) -> _Listing:
    order = list(IMAGE_SUFFIXES)
    names: dict[str, str] = {}
    stems: dict[str, list[str]] = defaultdict(list)
    numbered: dict[str, list[str]] = defaultdict(list)
    for name in files:
        key = unicodedata.normalize("NFC", name)
        stem = PurePosixPath(key).stem
        if PurePosixPath(key).suffix.lower() not in IMAGE_SUFFIXES:
            continue
        names[key] = name
        stems[stem].append(name)
        if stem not in ids and (match := _NUMBERED.fullmatch(stem)):
            numbered[match[1]].append(name)
    for files_of_stem in stems.values():
        files_of_stem.sort(key=lambda name: (order.index(Path(name).suffix.lower()), name))
    for files_of_id in numbered.values():
        files_of_id.sort(key=lambda name: [int(n) for n in re.findall(r"\d+", name)])
    return names, stems, numbered
