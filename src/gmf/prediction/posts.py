"""Several posts as users give them: lists, iterables and tables, each post with its position."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, cast

import narwhals as nw
from narwhals.exceptions import DuplicateError

from gmf.core.errors import DataError, GmfError, ImageError
from gmf.core.types import Sample
from gmf.prediction.user_input import (
    CONTEXT,
    ID,
    IMAGE_KEYS,
    TEXT,
    TOKENS,
    is_unread_key,
    sample_of_post,
)

#: Rows of a table that are turned to Python at once; a row may hold the bytes of its images.
_BUFFER_ROWS = 64
_END = object()


def is_one_post(value: object) -> bool:
    """Return whether a value is one post, not several."""
    return isinstance(value, str | Mapping)


def is_table(value: object) -> bool:
    """Return whether a value is a table or column of pandas, Arrow, Polars, ..."""
    is_known = nw.dependencies.is_into_dataframe(value) or nw.dependencies.is_into_series(value)
    return is_known or hasattr(value, "to_pylist")  # An array or batch of Arrow.


def posts_of(posts: object, images: object = None) -> Iterable[object]:
    """Return posts to iterate over.

    Args:
        posts: A table with a column ``text`` or ``tokens``, a column of texts, or any iterable.
        images: The images of each post, when the posts do not hold them.

    Raises:
        DataError: If it is none of these, a column is missing, or the numbers differ.
    """
    if isinstance(posts, bytes | bytearray | memoryview):
        raise DataError("expected text, got bytes: decode them, for example with .decode('utf-8')")
    if is_one_post(posts):
        raise DataError("expected several posts, got one: put it in a list")
    if is_table(posts):
        posts = _rows_of(posts)
    several = cast(Iterable[object], posts)
    try:
        iter(several)
    except TypeError:
        kind = type(posts).__name__
        raise DataError(f"expected text or an iterable of posts, got {kind}") from None
    return several if images is None else _paired(several, images)


def samples_of(posts: Iterable[object]) -> Iterator[Sample]:
    """Yield the sample of each post.

    Raises:
        DataError: If a post has no form that is read; names its position from 0.
        ImageError: If an image is no image; alike.
    """
    for position, post in enumerate(posts):
        try:
            yield sample_of_post(post)
        except GmfError as error:
            kind = ImageError if isinstance(error, ImageError) else DataError
            raise kind(f"post at position {position}: {error}") from error


def only_samples(samples: Iterable[object]) -> Iterator[Sample]:
    """Yield samples.

    Raises:
        DataError: If one is something else; names its position from 0.
    """
    for position, sample in enumerate(samples):
        if not isinstance(sample, Sample):
            kind = type(sample).__name__
            raise DataError(
                f"sample at position {position}: expected a Sample, got {kind}; texts and other "
                "posts go to the pipeline itself or to stream"
            )
        yield sample


def _rows_of(table: object) -> Iterator[object]:
    if nw.dependencies.is_into_series(table):
        yield from nw.from_native(cast(Any, table), series_only=True).to_list()
        return
    if not nw.dependencies.is_into_dataframe(table):
        yield from cast(Any, table).to_pylist()
        return
    try:
        frame = nw.from_native(cast(Any, table), eager_only=True)
    except DuplicateError as error:
        raise DataError("the table has two columns of one name; rename or remove one") from error
    if TEXT not in frame.columns and TOKENS not in frame.columns:
        columns = ", ".join(map(repr, frame.columns))
        raise DataError(f"no column {TEXT!r} or {TOKENS!r}; the table has {columns}")
    known = (TEXT, TOKENS, ID, CONTEXT, *IMAGE_KEYS)
    wanted = [name for name in frame.columns if name in known or is_unread_key(name)]
    yield from frame.select(wanted).iter_rows(named=True, buffer_size=_BUFFER_ROWS)


def _paired(posts: Iterable[object], images: object) -> Iterator[tuple[object, object]]:
    if not isinstance(images, Iterable) or isinstance(images, str | bytes | Mapping):
        raise DataError(f"expected the images of each post, got {type(images).__name__}")
    if isinstance(posts, Sequence) and isinstance(images, Sequence) and len(posts) != len(images):
        raise DataError(f"{len(posts)} posts and {len(images)} images: expected as many")
    pairs = zip_longest(posts, cast(Iterable[object], images), fillvalue=_END)
    for position, pair in enumerate(pairs):
        if any(part is _END for part in pair):
            side = "posts" if pair[0] is _END else "images"
            raise DataError(f"the {side} end before position {position}: expected as many of both")
        yield pair
