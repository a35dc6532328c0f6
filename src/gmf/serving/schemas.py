"""What goes in and comes out, as JSON: the schemas of the OpenAPI document."""

import base64
import binascii
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    Strict,
    WithJsonSchema,
    model_validator,
)

from gmf.core.unicode import check_unicode
from gmf.reading.context import Context

#: Most keys of an object that is looked into; each unknown one would be a fault of its own.
MAX_KEYS = 100


class Schema(BaseModel):
    """Base of all schemas: strict types, unknown keys fail."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _has_few_keys(cls, value: Any) -> Any:
        if isinstance(value, dict) and (count := len(cast(dict[str, object], value))) > MAX_KEYS:
            raise ValueError(f"{count} keys: expected {', '.join(cls.model_fields)}")
        return value


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(
            f"expected the image file in base64, without line breaks and without 'data:' ({error})"
        ) from error


def _unicode(value: str) -> str:
    check_unicode(value)
    return value


EncodedImage = Annotated[
    bytes,
    BeforeValidator(_decoded),
    WithJsonSchema({"type": "string", "contentEncoding": "base64", "contentMediaType": "image/*"}),
]
Coordinate = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
#: JSON has no tuples: a list is taken too.
Box = Annotated[tuple[Coordinate, Coordinate, Coordinate, Coordinate], Strict(False)]


class PostRegion(Schema):
    """An object region of an image."""

    box: Box = Field(
        description="x1, y1, x2, y2 in pixels of the upright image, from its upper left corner."
    )


class PostImage(Schema):
    """An image of a post: JPEG, PNG, GIF, WebP, BMP or TIFF, told by content."""

    data: EncodedImage = Field(description="The image file in base64.")
    regions: Annotated[list[PostRegion], FailFast()] = Field(
        default=[], description="Object regions, best first; the model reads its first few."
    )


class Post(Schema):
    """A post in which entities are to be found."""

    text: Annotated[str, AfterValidator(_unicode)] = Field(
        description="The text as written; it is never changed."
    )
    images: Annotated[list[PostImage], FailFast()] = Field(
        default=[], description="Images of the post."
    )
    context: Context = Field(
        default={},
        description="What others say of it or of its images, by field, such as caption; read by "
        "models that were trained with it.",
    )
    explain: bool = Field(default=False, description="Whether to say what the model used.")


_POST_OR_PROBLEM = {"anyOf": [{"$ref": "#/components/schemas/Post"}, {}]}


class Posts(Schema):
    """Several posts; one that breaks the schema of a post gets a problem in place of a result."""

    posts: list[Annotated[Any, WithJsonSchema(_POST_OR_PROBLEM)]] = Field(min_length=1)


class Entity(Schema):
    """An entity found in a text."""

    text: str
    type: str = Field(description="Entity type, for example PER.")
    char_start: int = Field(ge=0, description="First character, from 0, in Unicode code points.")
    char_end: int = Field(ge=0, description="One past the last character.")
    confidence: Share = Field(description="Probability of exactly this span and type.")


class View(Schema):
    """A view that the model read: a whole image, a region of it, or a blank stand-in."""

    image: int | None = Field(
        description="Which image of the post, from 0; null for the blank stand-in of a post "
        "without images."
    )
    region: int | None = Field(description="Which region of the image; null for all of it.")
    box: Box | None = Field(description="The region's x1, y1, x2, y2 in pixels.")
    label: str = Field(description="What was seen in the region; may be empty.")
    gates: list[Share] | None = Field(
        description="Weight of each visual stage, from fine detail to whole objects; the mean over "
        "the text layers. Sums to 1. Null for models without gates."
    )
    gates_by_layer: list[list[Share]] | None = Field(description="The same for each text layer.")


class EntityEvidence(Schema):
    """What one entity rests on. Attention is the mean over words, heads and layers; sums to 1."""

    text_attention: Share | None = Field(
        description="Attention to the text: the post's words, its context and special tokens; null "
        "without images, and for models that do not tell."
    )
    view_attention: list[Share] | None = Field(description="Attention to each of `views`.")
    confidence_without_images: Share = Field(
        description="Probability of the same span and type without images: from the text alone, "
        "or text and context."
    )
    confidence_without_context: dict[str, Share] = Field(
        description="The same without one field of the context, by each field of the post that the "
        "model reads."
    )


class Explanation(Schema):
    """What the model used; evidence is empty when it read neither image nor context."""

    views: list[View]
    evidence: list[EntityEvidence] = Field(description="One an entity, in their order.")
    without_images: list[Entity] = Field(
        description="What is found without images: in the text alone, or text and context."
    )
    without_context: list[Entity] = Field(description="What is found without any context.")


class Entities(Schema):
    """What was found in one post."""

    text: str = Field(description="The text of the request.")
    entities: list[Entity]
    notes: list[str] = Field(description="What of the post the model did not see, and why.")
    explanation: Explanation | None = Field(description="On request.")


class Fault(Schema):
    """One thing that is wrong with a request."""

    field: str = Field(description="Where, for example posts.3.images.0.data.")
    message: str = Field(description="What was expected and what came.")


class Problem(Schema):
    """Why a request was not answered (RFC 9457)."""

    status: int
    title: str
    detail: str = Field(description="What went wrong and what to do, for people.")
    faults: list[Fault] = Field(default=[], description="What is wrong, field by field.")


class BatchItem(Schema):
    """The result of one post of a batch, or what was wrong with it; exactly one of the two."""

    result: Entities | None
    problem: Problem | None


class BatchEntities(Schema):
    """One item a post, in their order."""

    items: list[BatchItem]


class Limits(Schema):
    """What the service accepts."""

    body_bytes: int
    text_characters: int
    images: int
    regions: int
    pixels: int
    posts: int


class Model(Schema):
    """What is served."""

    name: str = Field(description="Registered name of the model, for example gmf.")
    title: str = Field(description="Package and version of an installed model; else the name.")
    types: list[str] = Field(description="Entity types that it finds.")
    reads_images: bool
    image_trust: float = Field(description="How far images may move the tags; 1: as trained.")
    regions_read: int = Field(description="Regions of each image that the model reads.")
    context: list[str] = Field(description="Fields of the context that the model reads.")
    finds_regions: bool = Field(description="Whether images without regions get some.")
    limits: Limits
    version: str = Field(description="Version of gmf.")


class State(Schema):
    """State of the service."""

    status: str
