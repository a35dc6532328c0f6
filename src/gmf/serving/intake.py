"""Requests to posts: JSON, NDJSON or a form, every limit checked, every image decoded, once."""

import math
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, TypeVar
from weakref import finalize

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from pydantic import ValidationError

from gmf.data.images import DecodedImage, UnusableImageError, crop_box
from gmf.serving.config import ServeConfig
from gmf.serving.forms import content_type, read_form
from gmf.serving.json_text import decoded_text, known_charset, read_json
from gmf.serving.lines import Line, Lines, text_of
from gmf.serving.problems import RefusedError, faults_of, invalid
from gmf.serving.schemas import Fault, Post, PostImage, Posts, Schema

Body = TypeVar("Body", bound=Schema)
Result = TypeVar("Result")
JSON, FORM = "application/json", "multipart/form-data"
#: One JSON object a line; the first name is that of answers.
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")


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
        kind, charset = content_type(request)
        if kind == FORM:
            content: object = await read_form(request, config=self.config)
        elif kind == JSON:
            text = decoded_text(await request.body(), charset=charset)
            content = await self._in_thread(read_json, text)
        else:
            raise _unread(JSON, FORM)
        usable = await self.usable(content)
        if isinstance(usable, RefusedError):
            raise usable
        return usable

    async def posts(self, request: Request) -> Sequence[object]:
        """Return the posts of a batch request in JSON as they were sent, see ``usable``.

        Raises:
            RefusedError: If they cannot be told apart (422), or are of another content type (415).
        """
        kind, charset = content_type(request)
        if kind != JSON:
            raise _unread(JSON, NDJSON[0])
        text = decoded_text(await request.body(), charset=charset)
        posts = _parse(Posts, await self._in_thread(read_json, text)).posts
        if len(posts) > self.config.max_posts:
            message = f"{len(posts)} posts, at most {self.config.max_posts} are taken at once"
            raise invalid([Fault(field="posts", message=message)])
        return posts

    def lines(self, request: Request) -> Lines:
        """Return the posts of a batch request in NDJSON as they arrive, see ``usable``.

        Raises:
            RefusedError: If its charset is not read (415).
        """
        charset = content_type(request)[1]
        return Lines(
            request.receive,
            charset=charset and known_charset(charset),
            most=self.config.max_lines,
            timeout_seconds=self.config.timeout_seconds,
        )

    async def usable(self, given: object) -> Post | RefusedError:
        """Return a post with its images decoded, or what is wrong with it.

        Args:
            given: The post, its JSON value, or its line.
        """
        return await self._in_thread(self._usable, given)

    async def _in_thread(self, function: Callable[..., Result], *arguments: Any) -> Result:
        return await to_thread.run_sync(function, *arguments, limiter=self._threads)

    def _usable(self, given: object) -> Post | RefusedError:
        try:
            value = read_json(text_of(given)) if isinstance(given, Line) else given
            post = value if isinstance(value, Post) else _parse(Post, value)
            self._check(post)
            return self._decoded(post)
        except RefusedError as refusal:
            return refusal

    def _check(self, post: Post) -> None:
        limits, faults = self.config, list[Fault]()

        def most(field: str, number: int, limit: int, what: str) -> None:
            if number > limit:
                message = f"{number} {what}, at most {limit} are taken"
                faults.append(Fault(field=field, message=message))

        most("text", len(post.text), limits.max_text, "characters")
        context = sum(len(name) + len(text) for name, text in post.context.items())
        most("context", context, limits.max_text, "characters in all its fields and their names")
        most("images", len(post.images), limits.max_images, "images")
        for number, image in enumerate(post.images):
            field = f"images.{number}.regions"
            most(field, len(image.regions), limits.max_regions, "regions")
        if faults:
            raise invalid(faults)

    def _decoded(self, post: Post) -> Post:
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
        if faults:
            raise invalid(faults)
        return post.model_copy(update={"images": images})

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


def _unread(*kinds: str) -> RefusedError:
    detail = f"Send the content type {' or '.join(kinds)}."
    return RefusedError(415, detail, reason="content_type")


def _parse(kind: type[Body], value: object) -> Body:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise invalid(faults_of(error, keys=list(kind.model_fields))) from error


def is_ndjson(request: Request) -> bool:
    """Return whether a request is NDJSON, and so gets its answers one a line."""
    return content_type(request)[0] in NDJSON
