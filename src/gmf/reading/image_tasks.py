"""The images of a data set, each once, with the words of the posts that show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
        DataError: If a split is absent or a line is wrong.
    """
    texts: dict[str, list[tuple[str, ...]]] = {}
    paths: dict[str, Path] = {}
    for split in splits or splits_of(folder):
        root = reader_of(find_split(folder, split=split)).image_folder(folder)
        for sample in read_split(folder, split):
            for image in sample.images:
                if isinstance(image.source, Path):
                    name = image.source.relative_to(root).as_posix()
                    paths.setdefault(name, image.source)
                    texts.setdefault(name, []).append(sample.tokens)
    return [ImageTask(name, path, tuple(texts[name])) for name, path in paths.items()]
