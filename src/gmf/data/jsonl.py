"""Own data: one JSON object a line, as ``sample.schema.json`` describes it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, FiniteFloat, NonNegativeInt, ValidationError, model_validator

from gmf.core.config import Config
from gmf.core.errors import DataError
from gmf.core.tags import TYPE_ALIASES, alias_tag, tags_of
from gmf.core.types import Entity, ImageInput, Region, Sample
from gmf.data.conll import fail, read_lines
from gmf.data.paths import inside
from gmf.data.tokenize import tokenize

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


class RegionsRow(Config):
    """A line of ``regions.jsonl``: the objects of one image."""

    image: Text = Field(
        description="File name in the images folder; for own data the path as in the data file."
    )
    digest: str | None = Field(None, description="sha256 of the image file.")
    source: str = Field("", description="What proposed them, with a digest of its settings.")
    queries: tuple[str, ...] = Field((), description="What was looked for.")
    regions: tuple[RegionRow, ...] = Field(description="Objects, best first.")


def sample_schema() -> dict[str, Any]:
    """Return the JSON schema of a line, as shipped in ``sample.schema.json``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **SampleRow.model_json_schema(),
    }


def sample_of_row(
    row: SampleRow,
    *,
    folder: Path,
    default_id: str = "",
    path: Path | None = None,
    line: int = 1,
    aliases: Mapping[str, str] = TYPE_ALIASES,
    regions: Mapping[str, tuple[Region, ...]] | None = None,
) -> Sample:
    """Return the sample that a row describes.

    Args:
        row: The checked row.
        folder: Image and crop paths are relative to it.
        default_id: Identifier when the row has none.
        path: File, for messages.
        line: Line, for messages.
        aliases: Entity types to rename; by default ``OTHER`` is read as ``MISC``.
        regions: Regions by image path, for images that list none themselves.

    Raises:
        DataError: If a path leaves the folder, a tag is not BIO2, or an entity is empty, outside
            the text, overlaps another or begins or ends with white space.
    """

    def located(field: str, error: ValueError) -> DataError:
        return DataError(str(error), path=path, line=line, field=field)

    try:
        images = tuple(image_of_row(image, folder, regions=regions) for image in row.images)
    except ValueError as error:
        raise located("images", error) from error
    identifier = row.id if row.id is not None else default_id
    origin = f"{path}:{line}" if path else ""
    if row.tokens is not None:
        try:
            tags = (
                None
                if row.tags is None
                else tuple(alias_tag(tag, aliases=aliases) for tag in row.tags)
            )
        except ValueError as error:
            raise located("tags", error) from error
        return Sample(identifier, row.tokens, tags, images, origin=origin)
    text = row.text or ""
    try:
        tokens, offsets, tags = tokenize_with_entities(text, entities=row.entities, aliases=aliases)
    except ValueError as error:
        raise located("text" if row.entities is None else "entities", error) from error
    return Sample(identifier, tokens, tags, images, text, offsets, origin)


def tokenize_with_entities(
    text: str,
    *,
    entities: tuple[EntityRow, ...] | None,
    aliases: Mapping[str, str] = TYPE_ALIASES,
) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...], tuple[str, ...] | None]:
    """Tokenise a text so that no token reaches across the boundary of an entity.

    Args:
        text: Raw text.
        entities: Entities by character offsets; ``None`` when unlabelled.
        aliases: Entity types to rename.

    Returns:
        Tokens, their offsets and their tags (``None`` when unlabelled).

    Raises:
        ValueError: If the text has no token, or an entity is empty, outside the text, overlaps
            another or begins or ends with white space.
    """
    cuts: list[int] = []
    for entity in entities or ():
        start, end = entity.char_start, entity.char_end
        span = text[start:end]
        if not start < end <= len(text):
            raise ValueError(
                f"[{start}, {end}) {entity.type}: expected 0 <= char_start < char_end <= "
                f"{len(text)}, the length of the text in characters"
            )
        if span != span.strip():
            raise ValueError(
                f"[{start}, {end}) {entity.type} is {span!r}: begins or ends with white space; "
                "move the offsets to the letters"
            )
        cuts += [start, end]
    tokens, offsets = tokenize(text, cuts=cuts)
    if not tokens:
        raise ValueError("expected text with at least one visible character")
    if entities is None:
        return tokens, offsets, None
    starts = {start: index for index, (start, _) in enumerate(offsets)}
    ends = {end: index + 1 for index, (_, end) in enumerate(offsets)}
    words = [
        Entity(starts[e.char_start], ends[e.char_end], aliases.get(e.type, e.type))
        for e in entities
    ]
    return tokens, offsets, tuple(tags_of(words, len(tokens)))


def read_jsonl(
    path: Path,
    *,
    aliases: Mapping[str, str] = TYPE_ALIASES,
    regions: Mapping[str, tuple[Region, ...]] | None = None,
    on_fault: Callable[[DataError], None] = fail,
) -> list[Sample]:
    """Read own data. Empty lines are skipped.

    Args:
        path: The file; image paths in it are relative to its folder.
        aliases: Entity types to rename; by default ``OTHER`` is read as ``MISC``.
        regions: Regions by image path, for images that list none themselves.
        on_fault: Called with each fault; the line is then left out. By default it is raised.

    Raises:
        DataError: With file, line and field, if a line is not a row of the schema.
    """
    samples: list[Sample] = []
    for number, line in enumerate(read_lines(path), 1):
        if line.strip() == "":
            continue
        try:
            row = _parse(SampleRow, line, path=path, line=number)
            samples.append(
                sample_of_row(
                    row,
                    folder=path.parent,
                    default_id=f"{path.stem}-{number}",
                    path=path,
                    line=number,
                    aliases=aliases,
                    regions=regions,
                )
            )
        except DataError as error:
            on_fault(error)
    return samples


def read_regions(
    path: Path, *, on_fault: Callable[[DataError], None] = fail
) -> dict[str, tuple[Region, ...]]:
    """Read ``regions.jsonl``: ``{"image": "33.jpg", "regions": [{"box": [...], ...}]}`` a line.

    Args:
        path: The file; crop paths in it are relative to its folder.
        on_fault: Called with each fault; the line is then left out. By default it is raised.

    Returns:
        Regions by image file name.

    Raises:
        DataError: If a line is wrong or an image is listed twice.
    """
    found: dict[str, tuple[Region, ...]] = {}
    for number, line in enumerate(read_lines(path), 1):
        if line.strip() == "":
            continue
        try:
            row = _parse(RegionsRow, line, path=path, line=number)
            if row.image in found:
                message = f"image {row.image!r} is listed twice; keep one line"
                raise DataError(message, path=path, line=number, field="image")
            try:
                found[row.image] = tuple(_region_of(region, path.parent) for region in row.regions)
            except ValueError as error:
                raise DataError(str(error), path=path, line=number, field="regions") from error
        except DataError as error:
            on_fault(error)
    return found


def _parse(kind: type[RowType], content: str, *, path: Path, line: int) -> RowType:
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


def image_of_row(
    row: ImageRow, folder: Path, *, regions: Mapping[str, tuple[Region, ...]] | None = None
) -> ImageInput:
    """Return the image that a row describes; its own regions go before those of the folder.

    Raises:
        ValueError: If a path leaves the folder.
    """
    own = tuple(_region_of(region, folder) for region in row.regions)
    return ImageInput(inside(folder, row.path), own or (regions or {}).get(row.path, ()))


def _region_of(row: RegionRow, folder: Path) -> Region:
    crop = None if row.crop is None else inside(folder, row.crop)
    return Region(row.box, crop, row.label, row.score)
