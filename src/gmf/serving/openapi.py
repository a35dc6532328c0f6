"""The OpenAPI document: request bodies with examples, limits as configured, every refusal."""

import base64
import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from fastapi import FastAPI
from PIL import Image, ImageDraw
from pydantic.json_schema import models_json_schema

from gmf.serving.config import ServeConfig
from gmf.serving.intake import NDJSON
from gmf.serving.problems import MEDIA_TYPE, TITLES
from gmf.serving.schemas import Post, Posts, Problem

DESCRIPTION = """Finds named entities in social-media posts, from text and images together.

Nothing outside a request is read: images travel in the request, no URL in it is fetched and no
path in it is opened. Character offsets count Unicode code points."""

REF = "#/components/schemas/{model}"


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of answers that are refusals."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def json_body(kind: str, examples: dict[str, Any]) -> dict[str, Any]:
    """Return the documentation of a JSON body with examples by name."""
    return {
        "schema": {"$ref": REF.format(model=kind)},
        "examples": {name: {"value": value} for name, value in examples.items()},
    }


def post_body() -> dict[str, Any]:
    """Return the documentation of the body of one post: JSON or a form."""
    image = {"data": _drawn_image(), "regions": [{"box": [8, 8, 24, 24]}]}
    examples = {
        "text": {"text": "Rocky is ready for snow season"},
        "image": {"text": "Rocky is ready for snow season", "images": [image], "explain": True},
    }
    form = {
        "type": "object",
        "required": ["text"],
        "additionalProperties": False,
        "properties": {
            "text": {"type": "string"},
            "image": {
                "type": "array",
                "items": {"type": "string", "format": "binary"},
                "description": "Image files, told by content; names and types are ignored.",
            },
            "regions": {
                "type": "string",
                "description": "JSON: for each image a list of regions, as in the JSON body.",
            },
            "explain": {"type": "string", "enum": ["true", "false"]},
        },
    }
    content = {
        "application/json": json_body("Post", examples),
        "multipart/form-data": {"schema": form},
    }
    return {"requestBody": {"required": True, "content": content}}


def posts_body() -> dict[str, Any]:
    """Return the documentation of the body of several posts."""
    posts = [{"text": "Oslo is cold"}, {"text": "Ann Lee moved to Oslo"}]
    lines = {
        "schema": {"description": "A post a line."},
        "examples": {"two": {"value": "\n".join(map(json.dumps, posts))}},
    }
    content = {
        "application/json": json_body("Posts", {"two": {"posts": posts}}),
        NDJSON[0]: lines,
    }
    return {"requestBody": {"required": True, "content": content}}


def line_answers() -> dict[int | str, dict[str, Any]]:
    """Return the documentation of the answers to NDJSON."""
    description = "An item a post, in their order; to NDJSON a BatchItem a line, as they come."
    return {
        200: {"description": description, "content": {NDJSON[0]: {"schema": {"type": "string"}}}}
    }


def add_document(app: FastAPI, config: ServeConfig) -> None:
    """Complete the document that FastAPI makes of the routes."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            kinds = [(kind, "validation") for kind in (Post, Posts, Problem)]
            _, models = models_json_schema(kinds, ref_template=REF)  # pyright: ignore
            schemas.update(models["$defs"])
            _limit(schemas, config)
            form = document["paths"]["/v1/entities"]["post"]["requestBody"]["content"]
            fields = form["multipart/form-data"]["schema"]["properties"]
            fields["text"]["maxLength"] = config.max_text
            fields["image"]["maxItems"] = config.max_images
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]


def _limit(schemas: dict[str, Any], config: ServeConfig) -> None:
    schemas["Post"]["properties"]["text"]["maxLength"] = config.max_text
    schemas["Post"]["properties"]["images"]["maxItems"] = config.max_images
    schemas["PostImage"]["properties"]["regions"]["maxItems"] = config.max_regions
    schemas["Posts"]["properties"]["posts"]["maxItems"] = config.max_posts


def _drawn_image() -> str:
    image = Image.new("P", (32, 32))
    image.putpalette([245, 245, 245, 200, 60, 40])
    ImageDraw.Draw(image).ellipse((8, 8, 23, 23), fill=1)
    buffer = BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def tags() -> Sequence[dict[str, str]]:
    """Return the groups of routes."""
    return (
        {"name": "entities", "description": "Find entities."},
        {"name": "operation", "description": "Watch the service."},
    )
