"""Boxes from annotation files: COCO JSON and Pascal VOC XML."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, Field, FiniteFloat, NonNegativeFloat, ValidationError

from gmf.core.errors import DataError
from gmf.core.files import sha256_of
from gmf.core.types import Region
from gmf.data.voc import parse_voc
from gmf.regions.base import NoOptions, ProposerChoice
from gmf.regions.precomputed import PrecomputedProposer


class _CocoImage(BaseModel):
    id: int | str
    file_name: str


class _CocoCategory(BaseModel):
    id: int
    name: str


class _CocoAnnotation(BaseModel):
    image_id: int | str
    bbox: tuple[FiniteFloat, FiniteFloat, NonNegativeFloat, NonNegativeFloat]
    category_id: int | None = None
    score: float = Field(1.0, ge=0, le=1)


class _CocoFile(BaseModel):
    images: list[_CocoImage]
    annotations: list[_CocoAnnotation]
    categories: list[_CocoCategory] = Field(default_factory=list[_CocoCategory])


def coco_regions(path: Path) -> PrecomputedProposer:
    """Return the boxes of a COCO file: ``images``, ``annotations``, ``categories``.

    Raises:
        DataError: If the file is no such JSON or an annotation names an unknown image or category.
    """
    try:
        content = _CocoFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"cannot be read ({error})", path=path) from error
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(map(str, fault["loc"])) or None
        raise DataError(f"not COCO JSON: {fault['msg']}", path=path, field=field) from error
    names = {image.id: image.file_name for image in content.images}
    labels: dict[int | None, str] = {c.id: c.name for c in content.categories}
    labels[None] = ""
    regions: dict[str, list[Region]] = {name: [] for name in names.values()}
    for number, note in enumerate(content.annotations):
        if note.image_id not in names or note.category_id not in labels:
            raise DataError(
                f"names image {note.image_id!r} and category {note.category_id!r}; one of them is "
                "not in the file",
                path=path,
                field=f"annotations.{number}",
            )
        left, top, width, height = note.bbox
        box = (left, top, left + width, top + height)
        region = Region(box, label=labels[note.category_id], score=note.score)
        regions[names[note.image_id]].append(region)
    return PrecomputedProposer("coco", regions=regions, digest=sha256_of(path))


def voc_regions(folder: Path) -> PrecomputedProposer:
    """Return the boxes of a folder of Pascal VOC files, one ``<image>.xml`` an image.

    Raises:
        DataError: If the folder has none, or a file is not of that form.
    """
    paths = sorted(folder.glob("*.xml"))
    if not paths:
        raise DataError("expected Pascal VOC files (*.xml)", path=folder)
    digest = hashlib.sha256()
    regions: dict[str, list[Region]] = {}
    for path in paths:
        regions[path.stem] = _voc_file(path)
        digest.update(f"{path.name}:{sha256_of(path)};".encode())
    return PrecomputedProposer("voc", regions=regions, digest=digest.hexdigest(), by_stem=True)


def _voc_file(path: Path) -> list[Region]:
    try:
        objects = parse_voc(path.read_bytes()).objects
    except (OSError, ValueError) as error:
        raise DataError(f"not a Pascal VOC file: {error}", path=path) from error
    return [Region(box, label=name) for name, box in objects]


def build_coco(choice: ProposerChoice) -> PrecomputedProposer:
    """The boxes of a COCO file."""
    choice.parse(NoOptions)
    return coco_regions(choice.place("the COCO file"))


def build_voc(choice: ProposerChoice) -> PrecomputedProposer:
    """The boxes of a folder of Pascal VOC files."""
    choice.parse(NoOptions)
    return voc_regions(choice.place("the folder of XML files"))
