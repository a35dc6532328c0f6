"""One JSON object a line, checked: samples, their images and regions."""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, cast

from pydantic import Field, FiniteFloat, NonNegativeInt, ValidationError, model_validator

from gmf.core.config import Config
from gmf.core.errors import DataError
from gmf.core.types import ImageInput, Region
from gmf.reading.context import Context
from gmf.reading.foreign_rows import tool_hint
from gmf.reading.image_folders import image_beside
from gmf.reading.json_doubles import without_doubles
from gmf.reading.paths import inside, names_in
from gmf.reading.text_files import HEAD_BYTES, open_text
from gmf.reading.tokenize import check_words

SCHEMA_PATH = Path(__file__).with_name("sample.schema.json")

RowType = TypeVar("RowType", bound=Config)

Text = Annotated[str, Field(min_length=1)]
TypeName = Annotated[str, Field(pattern=r"^\S(.*\S)?$")]
Score = Annotated[FiniteFloat, Field(ge=0, le=1)]
Box = tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]
_PYTHON_ROW = re.compile(r"\s*\{\s*'")
#: Keys under which others have images.
IMAGE_KEYS_OF_OTHERS = (
    *("photo", "photos", "picture", "pictures", "pic", "pics", "img", "imgs", "img_id", "media"),
    *("image_path", "image_paths", "img_path", "image_file", "image_name", "image_id"),
    *("image_url", "img_url"),
)
#: Keys of others and what is meant by them.
_FOREIGN_KEYS = {
    ("annotations", "completions", "predictions"): "a task of Label Studio: `gmf data convert` "
    "brings it into this format",
    ("label", "labels"): "Doccano and others: entities are {char_start, char_end, type}, tags of "
    "tokens are 'tags'; `gmf data convert` brings them into this format",
    ("spans",): "Prodigy and others: `gmf data convert` brings them into 'entities'",
    ("ner_tags", "ner"): "tags of a Hugging Face data set or GLiNER: `gmf data convert` brings "
    "them into 'tags'",
    ("tokenized_text", "words"): "did you mean 'tokens'?",
    IMAGE_KEYS_OF_OTHERS: "did you mean 'images'?",
    ("tweet", "content", "sentence", "caption", "body", "message"): "did you mean 'text'?",
    ("confidence", "score", "word"): "what models add; `gmf data convert` leaves it out",
    ("guid", "uid", "tweet_id", "doc_id"): "did you mean 'id'?",
}
_OLD_NAMES = {"start": "char_start", "end": "char_end"}


class EntityRow(Config):
    """A labelled span of ``text``; files of before 0.2 say ``start`` and ``end`` instead."""

    char_start: NonNegativeInt = Field(description="First character (Unicode code point), from 0.")
    char_end: NonNegativeInt = Field(description="One past the last character.")
    type: Annotated[str, Field(pattern=r"^\S(.*\S)?$")] = Field(
        description="Entity type, e.g. PER."
    )

    @model_validator(mode="before")
    @classmethod
    def _reads_old_names(cls, row: Any) -> Any:
        if isinstance(row, dict) and "label" in row and "type" not in row:
            row = {("type" if name == "label" else name): value for name, value in row.items()}
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
    context: Context = Field(
        default={}, description="What others say of the post or its images, by field, e.g. caption."
    )

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


def usual_form(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with what others write otherwise put as ours: the same post, nothing lost.

    A whole number as identifier, one ``image`` or images by path alone, and the rows of MNER-MI:
    words as ``text``, their tags as ``label``, and the address of the post.
    """
    usual = dict(row)
    if usual.get("id") == "":
        usual.pop("id")
    if isinstance(usual.get("id"), int) and not isinstance(usual["id"], bool):
        usual["id"] = str(usual["id"])
    if isinstance(usual.get("text"), list) and "tokens" not in usual:
        check_words(usual["text"])
        usual["tokens"] = usual.pop("text")
        if "label" in usual and "tags" not in usual:
            usual["tags"] = usual.pop("label")
        usual.pop("url", None)
    if "image" in usual and "images" not in usual:
        usual["images"] = usual.pop("image")
    images = usual.get("images", ())
    listed = [] if images is None else images if isinstance(images, list) else [images]
    if "images" in usual:
        cells = (names_in(image) if isinstance(image, str) else [image] for image in listed)
        named = [image for cell in cells for image in cell if image is not None]
        usual["images"] = [{"path": i} if isinstance(i, str) else i for i in named]
    return usual


def parse_row(kind: type[RowType], content: str, *, path: Path, line: int) -> RowType:
    """Return the checked row of a line.

    Raises:
        DataError: With file, line and field, if it is no such row.
    """
    try:
        usual = usual_line(content)  # Refuses a key that stands twice, in rows of all kinds.
        return kind.model_validate_json(usual if kind is SampleRow else content)
    except DataError as error:
        raise DataError(str(error), path=path, line=line) from error
    except ValidationError as error:
        fault, *others = error.errors(include_url=False)
        got = repr(fault["input"])
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            inner = {"entities": EntityRow, "images": ImageRow, "regions": RegionRow}
            outer = [inner[part] for part in fault["loc"] if part in inner]
            known = (outer or [kind])[-1].model_fields
            key = str(fault["loc"][-1])
            # An entity has no text; what gmf predict writes has.
            message += key_hint("word" if key == "text" else key, known=known)
        elif fault["type"] != "missing":
            message += f" (got {got if len(got) <= 60 else got[:57] + '...'})"
        if others:
            message += f"; {len(others)} more faults in this line"
        hint = tool_hint_of(content) or (
            f"the format is described in {SCHEMA_PATH.name} of the package"
            if kind is SampleRow
            else f"a line has {', '.join(kind.model_fields)}"
        )
        raise DataError(
            f"{message}; {hint}",
            path=path,
            line=line,
            field=".".join(str(part) for part in fault["loc"]) or None,
        ) from error


def tool_hint_of(content: str) -> str:
    """Return how to bring a line of JSON of another tool into own data; empty if it is of none."""
    try:
        return tool_hint(json.loads(content))
    except (ValueError, RecursionError):
        return ""


def key_hint(key: str, *, known: Iterable[str]) -> str:
    """Return what a key that is none of ours may be meant for; empty if nothing is known."""
    for keys, meaning in _FOREIGN_KEYS.items():
        if key.lower() in keys:
            return f"; {meaning}"
    near = get_close_matches(key.lower(), list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def is_json(path: Path) -> bool:
    """Return whether a text file begins with a JSON object; false if it cannot be read."""
    try:
        with open_text(path) as file:
            start = file.read(HEAD_BYTES).lstrip()
    except DataError:
        return False
    # Lines of relation files (MNRE) begin so and are no posts.
    return start.startswith(b"{") and not start.startswith(b"{'token'")


def read_row(content: str) -> object:
    """Return the value of a line of JSON, or of a Python dictionary as MNER-MI has them.

    Raises:
        DataError: If a key stands twice in an object.
        ValueError: If it is neither.
        RecursionError: If it is nested too deeply.
    """
    if _PYTHON_ROW.match(content):
        try:
            return ast.literal_eval(content.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            pass
    return json.loads(content, object_pairs_hook=without_doubles)


def usual_line(content: str) -> str:
    """Return a line of JSON with its row in the usual form; what is no object stays as it is.

    Raises:
        DataError: If a key stands twice in an object.
    """
    try:
        row = read_row(content)
        if not isinstance(row, dict):
            return content
        usual = usual_form(cast(dict[str, Any], row))
        is_literal = _PYTHON_ROW.match(content)
        return content if usual == row and not is_literal else json.dumps(usual)
    except (ValueError, TypeError, RecursionError):
        return content


def image_of_row(row: ImageRow, folder: Path) -> ImageInput:
    """Return the image that a row describes: in a folder, or in a usual place beside it.

    Raises:
        ValueError: If a path leaves the folder.
    """
    regions = tuple(region_of_row(region, folder) for region in row.regions)
    return ImageInput(image_beside(folder, row.path), regions)


def region_of_row(row: RegionRow, folder: Path) -> Region:
    """Return the region that a row describes.

    Raises:
        ValueError: If its crop leaves the folder.
    """
    crop = None if row.crop is None else inside(folder, row.crop)
    return Region(row.box, crop, row.label, row.score)
