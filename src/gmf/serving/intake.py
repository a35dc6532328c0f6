"""Requests to posts: JSON or a form, every limit checked, every image decoded, once."""

import json
import math
from collections.abc import Sequence
from threading import Lock
from typing import Any, TypeVar
from weakref import finalize

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gmf.data.images import DecodedImage, UnusableImageError, crop_box
from gmf.serving.config import ServeConfig
from gmf.serving.problems import RefusedError, faults_of, invalid
from gmf.serving.schemas import Fault, Post, PostImage, PostRegion, Posts, Schema

Body = TypeVar("Body", bound=Schema)
_REGIONS = TypeAdapter(list[list[PostRegion]])
_FIELDS = ("text", "image", "regions", "explain")


class Intake:
    """Reads requests.

    Args:
        config: Limits.
        threads: Requests whose images are decoded at the same time. Decoded images wait for the
            model as long as they are no more than this many of the largest; others are decoded
            again when it is their turn, so that memory is bounded.
    """

    def __init__(self, config: ServeConfig, *, threads: int = 4) -> None:
        self.config = config
        self._threads = CapacityLimiter(threads)
        self._free_pixels, self._lock = threads * config.max_pixels, Lock()

    async def post(self, request: Request) -> Post:
        """Return the post of a request: JSON, or a form with ``text`` and ``image`` files.

        Raises:
            RefusedError: If it cannot be used (422), or is of another content type (415).
        """
        kind = _content_type(request)
        if kind == "multipart/form-data":
            post = await self._form(request)
            await self._in_thread(self._check, [post], [""])
        else:
            body = await _json_body(request, kind, also="or multipart/form-data")
            post = await self._in_thread(_parse, Post, body)
            await self._in_thread(self._check, [post], [""])
        decoded = await self.decoded(post)
        if isinstance(decoded, RefusedError):
            raise decoded
        return decoded

    async def posts(self, request: Request) -> list[Post]:
        """Return the posts of a batch request, their images not yet decoded.

        Raises:
            RefusedError: If they cannot be used (422), or are of another content type (415).
        """
        body = await _json_body(request, _content_type(request))
        posts = (await self._in_thread(_parse, Posts, body)).posts
        if len(posts) > self.config.max_posts:
            message = f"{len(posts)} posts, at most {self.config.max_posts} are taken at once"
            raise invalid([Fault(field="posts", message=message)])
        self._check(posts, [f"posts.{number}." for number in range(len(posts))])
        return posts

    async def decoded(self, post: Post) -> Post | RefusedError:
        """Return a post with its images decoded, or what is wrong with them."""
        return await self._in_thread(self._decode, post) if post.images else post

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        return await to_thread.run_sync(function, *arguments, limiter=self._threads)

    def _check(self, posts: Sequence[Post], prefixes: Sequence[str]) -> None:
        limits, faults = self.config, list[Fault]()

        def most(field: str, number: int, limit: int, what: str) -> None:
            if number > limit:
                message = f"{number} {what}, at most {limit} are taken"
                faults.append(Fault(field=field, message=message))

        for post, prefix in zip(posts, prefixes, strict=True):
            most(f"{prefix}text", len(post.text), limits.max_text, "characters")
            most(f"{prefix}images", len(post.images), limits.max_images, "images")
            for number, image in enumerate(post.images):
                field = f"{prefix}images.{number}.regions"
                most(field, len(image.regions), limits.max_regions, "regions")
        if faults:
            raise invalid(faults)

    def _decode(self, post: Post) -> Post | RefusedError:
        faults: list[Fault] = []
        images: list[PostImage] = []
        for number, image in enumerate(post.images):
            field = f"images.{number}.data"
            try:
                decoded = DecodedImage.of(image.data, max_pixels=self.config.max_pixels)
                for position, region in enumerate(image.regions):
                    field = f"images.{number}.regions.{position}.box"
                    crop_box(decoded.image, region.box, name="region")
                is_held = self._hold(decoded)
                images.append(image.model_copy(update={"data": decoded}) if is_held else image)
            except UnusableImageError as fault:
                message = f"{fault.kind.value}: {fault.detail}"
                faults.append(Fault(field=field, message=message))
        return invalid(faults) if faults else post.model_copy(update={"images": images})

    def _hold(self, decoded: DecodedImage) -> bool:
        """Return whether there is room to keep a decoded image until it is used."""
        pixels = math.prod(decoded.image.size)
        with self._lock:
            if pixels > self._free_pixels:
                return False
            self._free_pixels -= pixels
        finalize(decoded.image, self._release, pixels)
        return True

    def _release(self, pixels: int) -> None:
        with self._lock:
            self._free_pixels += pixels

    async def _form(self, request: Request) -> Post:
        parser = MultiPartParser(
            request.headers,
            request.stream(),
            max_files=self.config.max_images,
            max_fields=len(_FIELDS),
            max_part_size=self.config.max_body,
        )
        try:
            form = await parser.parse()
        except MultiPartException as error:
            raise invalid([Fault(field="", message=error.message)]) from error
        except (ValueError, LookupError, AttributeError) as error:
            # The parser meets a header or a charset that it cannot decode.
            raise invalid([Fault(field="", message=f"not a form: {error}")]) from error
        try:
            files = [value for value in form.getlist("image") if isinstance(value, UploadFile)]
            texts = {k: v for k, v in form.multi_items() if isinstance(v, str)}
            faults = _form_faults(form.multi_items())
            if faults:
                raise invalid(faults)
            data = [await file.read() for file in files]
        finally:
            await form.close()
        return _post_of(texts, data)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _json_body(request: Request, kind: str, *, also: str = "") -> bytes:
    if kind != "application/json":
        detail = " ".join(filter(None, ("Send the content type application/json", also)))
        raise RefusedError(415, f"{detail}.", reason="content_type")
    return await request.body()


def _parse(kind: type[Body], body: bytes) -> Body:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise invalid(faults_of(error)) from error


def _form_faults(items: Sequence[tuple[str, Any]]) -> list[Fault]:
    names = [name for name, _ in items]
    faults = [
        Fault(field=name[:50], message=f"unknown field; expected {', '.join(_FIELDS)}")
        for name in dict.fromkeys(names)
        if name not in _FIELDS
    ]
    for name in ("text", "regions", "explain"):
        if names.count(name) > 1:
            faults.append(Fault(field=name, message="given more than once"))
    if "text" not in names:
        faults.append(Fault(field="text", message="Field required"))
    for name, value in items:
        if name in _FIELDS and isinstance(value, str) == (name == "image"):
            expected = "a file" if name == "image" else "text, not a file"
            faults.append(Fault(field=name, message=f"expected {expected}"))
    return faults


def _post_of(texts: dict[str, str], data: Sequence[bytes]) -> Post:
    explain = texts.get("explain", "false")
    if explain not in ("true", "false"):
        raise invalid([Fault(field="explain", message="expected true or false")])
    try:
        # An empty field of a form is one that was left out.
        regions = _REGIONS.validate_json(texts.get("regions") or json.dumps([[]] * len(data)))
    except ValidationError as error:
        faults = [
            fault.model_copy(update={"field": f"regions.{fault.field}".rstrip(".")})
            for fault in faults_of(error)
        ]
        raise invalid(faults) from error
    if len(regions) != len(data):
        message = f"expected a list of regions for each of the {len(data)} images"
        raise invalid([Fault(field="regions", message=f"{message}, got {len(regions)} lists")])
    images = [
        PostImage(data=content, regions=boxes) for content, boxes in zip(data, regions, strict=True)
    ]
    return Post(text=texts["text"], images=images, explain=explain == "true")
