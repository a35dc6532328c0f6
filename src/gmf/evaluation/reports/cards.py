"""Cards on a page: a sample's image with its boxes, and its words as each system tags them."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib.resources import files
from io import BytesIO
from typing import TypeVar

from gmf.core.tags import PAPER_TYPES
from gmf.core.types import Entity, ImageInput, ScoredEntity
from gmf.data.images import open_image

EntityT = TypeVar("EntityT", Entity, ScoredEntity)
#: Images are made no larger than this on either side.
MAX_SIDE_PX = 320
JPEG_QUALITY = 85


def image_with_boxes(image: ImageInput) -> str:
    """Return an image and its numbered boxes as an HTML ``div``.

    Raises:
        UnusableImageError: If it cannot be read.
    """
    opened = open_image(image.source)
    width, height = opened.size
    opened.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    buffer = BytesIO()
    opened.save(buffer, "JPEG", quality=JPEG_QUALITY)
    data = b64encode(buffer.getvalue()).decode("ascii")
    boxes = [region.box for region in image.regions if region.box is not None]
    marks = "".join(
        f'<rect x="{left:.0f}" y="{top:.0f}" '
        f'width="{right - left:.0f}" height="{bottom - top:.0f}"/>'
        f'<text x="{left + 5:.0f}" y="{top + 17:.0f}">{number}</text>'
        for number, (left, top, right, bottom) in enumerate(boxes, 1)
    )
    return (
        '<div class="picture">'
        f'<img src="data:image/jpeg;base64,{data}" alt="The image of the post">'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{len(boxes)} boxes">{marks}'
        "</svg></div>"
    )


def card_style() -> str:
    """Return the CSS of cards, for ``whole_page``."""
    return files("gmf.evaluation.reports").joinpath("cards.css").read_text(encoding="utf-8")


def card(title: str, *, images: str, lines: Iterable[str], extra: str = "") -> str:
    """Return a card as an HTML ``article``.

    Args:
        title: Its heading.
        images: HTML left of the text.
        lines: From ``tagged_line``.
        extra: HTML below them.
    """
    return (
        f'<article class="post">{images}<div class="said"><h3>{escape(title)}</h3>'
        f"<dl>{''.join(lines)}</dl>{extra}</div></article>"
    )


def tagged_line(
    name: str,
    tokens: Sequence[str],
    entities: Sequence[EntityT],
    *,
    detail: Callable[[EntityT], str] = lambda _: "",
    note: str = "",
) -> str:
    """Return the words with their entities marked by type.

    Args:
        name: Whose entities they are.
        tokens: The words.
        entities: Entities, without overlap.
        detail: HTML beside an entity's type.
        note: HTML after the words.
    """
    starts = {entity.start: entity for entity in entities}
    pieces: list[str] = []
    position = 0
    while position < len(tokens):
        entity = starts.get(position)
        if entity is None:
            pieces.append(escape(tokens[position]))
            position += 1
            continue
        is_known = entity.type in PAPER_TYPES
        kind = f"type{PAPER_TYPES.index(entity.type)}" if is_known else "type-other"
        words = escape(" ".join(tokens[entity.start : entity.end]))
        pieces.append(
            f'<mark class="{kind}">{words}&nbsp;<b>{escape(entity.type)}</b>{detail(entity)}</mark>'
        )
        position = entity.end
    return f"<div><dt>{escape(name)}</dt><dd>{' '.join(pieces)} {note}</dd></div>"
