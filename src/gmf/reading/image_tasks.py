"""The images of a data set, each once, with the words of the posts that show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gmf.core.errors import DataError
from gmf.reading.image_folders import names_of
from gmf.reading.readers import find_split, read_split, reader_of, splits_of


@dataclass(frozen=True, slots=True)
class ImageTask:
    """One image to find regions in.

    Args:
        name: As in ``regions.jsonl``: relative to the images folder, or as own data names it.
        path: The file; it may be absent.
        texts: The words of each post that shows it.
    """

    name: str
    path: Path
    texts: tuple[tuple[str, ...], ...]


def collect_images(folder: Path, *, splits: Sequence[str] = ()) -> list[ImageTask]:
    """Return the images that a data set names, in order of first occurrence.

    Args:
        folder: Folder of a data set.
        splits: ``train``, ``dev``, ``test``; empty for all that are there.

    Raises:
        DataError: If a split is absent, a line is wrong, or an image lies where no name leads to.
    """
    texts: dict[str, list[tuple[str, ...]]] = {}
    paths: dict[str, Path] = {}
    for split in splits or splits_of(folder):
        path = find_split(folder, split=split)
        root = reader_of(path).image_folder(path.parent)
        for sample in read_split(folder, split):
            for image in sample.images:
                if isinstance(image.source, Path):
                    name = next(names_of(image.source, root), None)
                    if name is None:
                        message = f"image {image.source} is neither in {root} nor beside it"
                        raise DataError(message, path=path)
                    paths.setdefault(name, image.source)
                    texts.setdefault(name, []).append(sample.tokens)
    return [ImageTask(name, path, tuple(texts[name])) for name, path in paths.items()]
