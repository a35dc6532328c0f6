"""One JSON object a line, checked: samples, their images and regions."""

from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, FiniteFloat, NonNegativeInt, ValidationError, model_validator

from gmf.core.config import Config
from gmf.core.errors import DataError
from gmf.core.types import ImageInput, Region
from gmf.data.paths import inside

SCHEMA_PATH = Path(__file__).with_name("sample.schema.json")

RowType = TypeVar("RowType", bound=Config)

Text = Annotated[str, Field(min_length=1)]
Score = Annotated[FiniteFloat, Field(ge=0, le=1)]
Box = tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]
_OLD_NAMES = {"start": "char_start", "end": "char_end"}


class EntityRow(Config):
    """A labelled span of ``text``; files of before 0.2 say ``start`` and ``end`` instead."""

    char_start: NonNegativeInt = Field(description="First character (Unicode code point), from 0.")
    char_end: NonNegativeInt = Field(description="One past the last character.")
    type: Annotated[str, Field(pattern=r"^\S+$")] = Field(description="Entity type, e.g. PER.")

    @model_validator(mode="before")
    @classmethod
    def _reads_old_names(cls, row: Any) -> Any:
        if not isinstance(row, dict) or row.keys().isdisjoint(_OLD_NAMES):
            return row
        if not row.keys().isdisjoint(_OLD_NAMES.values()):
            raise ValueError("expected char_start and char_end, got start or end beside them")
        return {_OLD_NAMES.get(name, name): value for name, value in row.items()}


class RegionRow(Config):
    """An object in an image: a box, or a ready crop in its own file."""

    box: Box | None = Field(
        None, description="x1, y1, x2, y2 in pixels of the upright (EXIF-rotated) image."
    )
    crop: Text | None = Field(None, description="File of a ready crop, relative to this file.")
    label: str = Field("", description="What the proposer saw.")
    score: Score = Field(1.0, description="Confidence of the proposer.")

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.box is None) == (self.crop is None):
            raise ValueError("expected either box or crop")
        return self


class ImageRow(Config):
    """One image of the post."""

    path: Text = Field(description="Image file, relative to the folder of this file.")
    regions: tuple[RegionRow, ...] = Field((), description="Objects, best first.")


class SampleRow(Config):
    """One post: raw text with entities by character offsets, or tokens with BIO2 tags.

    Leave out ``entities`` or ``tags`` when the post is unlabelled.
    """

    id: Text | None = Field(None, description="Identifier; the line number when absent.")
    text: Text | None = Field(None, description="Raw text.")
    entities: tuple[EntityRow, ...] | None = Field(
        None, description="Entities of text, without overlap."
    )
    tokens: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        None, description="Words."
    )
    tags: tuple[str, ...] | None = Field(None, description="O, B-TYPE or I-TYPE, one a token.")
    images: tuple[ImageRow, ...] = Field((), description="Zero, one or several images.")

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.text is None) == (self.tokens is None):
            raise ValueError("expected either text or tokens")
        if self.entities is not None and self.text is None:
            raise ValueError("entities go with text; with tokens give tags")
        if self.tags is not None:
            if self.tokens is None:
                raise ValueError("tags go with tokens; with text give entities")
            if len(self.tags) != len(self.tokens):
                raise ValueError(f"expected {len(self.tokens)} tags, got {len(self.tags)}")
        return self


def parse_row(kind: type[RowType], content: str, *, path: Path, line: int) -> RowType:
    """Return the checked row of a line.

    Raises:
        DataError: With file, line and field, if it is no such row.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        fault, *others = error.errors(include_url=False)
        got = repr(fault["input"])
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] not in ("missing", "extra_forbidden"):
            message += f" (got {got if len(got) <= 60 else got[:57] + '...'})"
        if others:
            message += f"; {len(others)} more faults in this line"
        raise DataError(
            f"{message}; the format is described in {SCHEMA_PATH.name} of the package",
            path=path,
            line=line,
            field=".".join(str(part) for part in fault["loc"]) or None,
        ) from error


def image_of_row(row: ImageRow, folder: Path) -> ImageInput:
    """Return the image that a row describes.

    Raises:
        ValueError: If a path leaves the folder.
    """
    regions = tuple(region_of_row(region, folder) for region in row.regions)
    return ImageInput(inside(folder, row.path), regions)


def region_of_row(row: RegionRow, folder: Path) -> Region:
    """Return the region that a row describes.

    Raises:
        ValueError: If its crop leaves the folder.
    """
    crop = None if row.crop is None else inside(folder, row.crop)
    return Region(row.box, crop, row.label, row.score)
