"""Forms to posts: ``multipart/form-data`` with a text and image files, as browsers send."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TypeVar

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gmf.reading.context import Context
from gmf.serving.config import ServeConfig
from gmf.serving.json_text import known_charset, read_json
from gmf.serving.problems import RefusedError, faults_of, invalid
from gmf.serving.schemas import Fault, Post, PostImage, PostRegion

FIELDS = ("text", "image", "regions", "context", "explain")
_REGIONS = TypeAdapter(list[list[PostRegion]])
_CONTEXT = TypeAdapter[dict[str, str]](Context)
Parsed = TypeVar("Parsed")
#: A ticked box of a browser sends "on".
_TRUTH = {"true": True, "on": True, "1": True, "false": False, "0": False, "": False}


async def read_form(request: Request, *, config: ServeConfig) -> Post:
    """Return the post of a form; its text may be a field or a file.

    Raises:
        RefusedError: If it cannot be used (422).
    """
    parser = _Parser(
        request.headers,
        request.stream(),
        # A part for an image that was not chosen counts as one, too.
        max_files=config.max_images + 2,
        max_fields=len(FIELDS) + 1,
        max_part_size=config.max_body,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        message = error.message
        if message.startswith("Too many files"):  # Its number is not that of the images.
            message = f"too many files; a form takes the text and {config.max_images} images"
        elif message.startswith("Too many fields"):
            message = f"too many fields; expected {', '.join(FIELDS)}, each once"
        raise invalid([Fault(field="", message=message)]) from error
    except (ValueError, LookupError, AttributeError) as error:
        # The parser meets a header that it cannot decode.
        raise invalid([Fault(field="", message=f"not a form: {error}")]) from error
    try:
        items = [
            (name, value) for name, value in form.multi_items() if not _is_left_out(name, value)
        ]
        faults = _faults(items)
        if faults:
            raise invalid(faults)
        texts = {name: await _text_of(value) for name, value in items if name != "image"}
        images = [value for name, value in items if name == "image"]
        data = [await value.read() for value in images if isinstance(value, UploadFile)]
    finally:
        await form.close()
    return _post_of(texts, data)


def content_type(request: Request) -> tuple[str, str]:
    """Return the media type of a request and the charset that it declares, in lower case."""
    value = request.headers.get("content-type", "")
    return value.partition(";")[0].strip().lower(), _charset(value)


class _Parser(MultiPartParser):
    """Decodes fields strictly; the parser itself takes what is no UTF-8 for Latin-1."""

    #: Whether the last boundary came; without it the last part may lack its end, or be lost.
    is_whole = False

    async def parse(self) -> FormData:
        self.stream = self._to_its_end(self.stream)
        return await super().parse()

    def on_end(self) -> None:
        self.is_whole = True

    async def _to_its_end(self, stream: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        async for chunk in stream:
            yield chunk
        if not self.is_whole:
            raise MultiPartException("the form is cut off: its last boundary is missing")

    def on_part_end(self) -> None:
        part = self._current_part
        if part.file is not None:
            super().on_part_end()
            return
        own = dict(part.item_headers).get(b"content-type", b"").decode("latin-1")
        charset = known_charset(
            _charset(own) or _charset(self.headers.get("content-type", "")) or "utf-8"
        )
        try:
            self.items.append((part.field_name, bytes(part.data).decode(charset)))
        except UnicodeDecodeError as error:
            raise MultiPartException(
                f"{part.field_name[:50]}: expected {charset}, byte {error.start + 1} is not; send "
                "UTF-8"
            ) from error


def _charset(value: str) -> str:
    for parameter in value.split(";")[1:]:
        key, _, charset = parameter.partition("=")
        if key.strip().lower() == "charset":
            return charset.strip().strip('"').lower()
    return ""


async def _text_of(value: UploadFile | str) -> str:
    """Return a field, or a text that was sent as a file of UTF-8."""
    if isinstance(value, str):
        return value
    try:
        return (await value.read()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"expected utf-8, byte {error.start + 1} is not; send UTF-8"
        raise invalid([Fault(field="text", message=message)]) from error


def _is_left_out(name: str, value: UploadFile | str) -> bool:
    """Return whether a part is what a browser sends for an image that was not chosen."""
    if isinstance(value, str):
        return name == "image" and not value
    return not value.filename and not value.size


def _faults(items: Sequence[tuple[str, UploadFile | str]]) -> list[Fault]:
    names = [name for name, _ in items]
    faults = [
        Fault(field=name[:50], message=f"unknown field; expected {', '.join(FIELDS)}")
        for name in dict.fromkeys(names)
        if name not in FIELDS
    ]
    for name in ("text", "regions", "context", "explain"):
        if names.count(name) > 1:
            faults.append(Fault(field=name, message="given more than once"))
    if "text" not in names:
        faults.append(Fault(field="text", message="Field required"))
    for name, value in items:
        # Browsers change the line breaks of a field, not those of a file.
        if name in FIELDS and name != "text" and isinstance(value, str) == (name == "image"):
            expected = "a file" if name == "image" else "text, not a file"
            faults.append(Fault(field=name, message=f"expected {expected}"))
    return faults


def _post_of(texts: Mapping[str, str], data: Sequence[bytes]) -> Post:
    explain = _TRUTH.get(texts.get("explain", "").strip().lower())
    if explain is None:
        raise invalid([Fault(field="explain", message="expected true or false")])
    regions = _regions(texts.get("regions", ""), images=len(data))
    images = [
        PostImage(data=content, regions=boxes) for content, boxes in zip(data, regions, strict=True)
    ]
    given = texts.get("context", "")
    context = _parsed(_CONTEXT, given, field="context") if given else {}
    return Post(text=texts["text"], images=images, context=context, explain=explain)


def _regions(given: str, *, images: int) -> list[list[PostRegion]]:
    # An empty field of a form is one that was left out.
    if not given:
        return [[] for _ in range(images)]
    regions = _parsed(_REGIONS, given, field="regions")
    if len(regions) != images:
        message = f"expected a list of regions for each of the {images} images"
        raise invalid([Fault(field="regions", message=f"{message}, got {len(regions)} lists")])
    return regions


def _parsed(kind: TypeAdapter[Parsed], given: str, *, field: str) -> Parsed:
    """Return the JSON of a field.

    Raises:
        RefusedError: If it is no JSON, or not of its kind; names the field.
    """
    try:
        return kind.validate_python(read_json(given))
    except (ValidationError, RefusedError) as error:
        inner = faults_of(error) if isinstance(error, ValidationError) else error.faults
        faults = [Fault(field=f"{field}.{f.field}".rstrip("."), message=f.message) for f in inner]
        raise invalid(faults) from error
