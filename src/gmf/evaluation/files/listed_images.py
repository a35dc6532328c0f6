"""Whether the samples of a prediction file have an image, by what the file says of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from gmf.evaluation.files.labelled import LabelReader
from gmf.reading.near_files import is_there


def with_image(
    rows: Sequence[tuple[bool | None, list[Any] | None]], *, labels: LabelReader
) -> list[bool | None]:
    """Return whether each row has an image: what it states, else whether it lists one.

    Where some of the listed files are there, a row of which none is counts as one without.

    Args:
        rows: What each states, and the images that it lists; ``None`` for neither.
        labels: Names the file that images are beside, and takes what is to be told.
    """
    folder = labels.path.parent
    listed = [None if images is None else bool(images) for _, images in rows]
    there = [any(_is_there(folder, image) for image in images or ()) for _, images in rows]
    if any(there):
        lacking = sum(bool(a) and not b for a, b in zip(listed, there, strict=True))
        if lacking:
            labels.notes.append(f"{lacking} posts list images of which none is there")
        listed = [a and b for a, b in zip(listed, there, strict=True)]
    pairs = zip(rows, listed, strict=True)
    return [own if stated is None else stated for (stated, _), own in pairs]


def _is_there(folder: Path, image: object) -> bool:
    name: object = cast(dict[str, Any], image).get("path") if isinstance(image, dict) else image
    return isinstance(name, str) and is_there(folder / name)
