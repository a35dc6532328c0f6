"""Contact sheets: images with their regions drawn on, to be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gmf.core.types import Region
from gmf.data.images import UnusableImageError, open_image

_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#f032e6")
_PAPER, _INK = "white", "black"
_MARGIN, _CAPTION_LINES, _LINE_HEIGHT, _FONT_SIZE = 8, 3, 15, 12


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """One image of a sheet.

    Args:
        path: The image.
        regions: Drawn in order.
        caption: Written below.
    """

    path: Path
    regions: tuple[Region, ...]
    caption: str = ""


def contact_sheet(
    entries: Sequence[SheetEntry], *, columns: int = 4, tile_px: int = 320
) -> Image.Image:
    """Draw images with boxes, labels and scores, side by side.

    A region that is a ready crop is shown as a small image in the lower left corner. An image
    that cannot be read leaves an empty place that says why.

    Args:
        entries: The images, row by row.
        columns: Images in a row, at least 1.
        tile_px: Side of the square into which each is fitted, in pixels.
    """
    columns = max(1, min(columns, len(entries) or 1))
    rows = max(1, -(-len(entries) // columns))
    cell = tile_px + _MARGIN
    height = cell + _CAPTION_LINES * _LINE_HEIGHT
    sheet = Image.new("RGB", (columns * cell + _MARGIN, rows * height + _MARGIN), _PAPER)
    for number, entry in enumerate(entries):
        left = _MARGIN + number % columns * cell
        top = _MARGIN + number // columns * height
        try:
            tile = _tile(open_image(entry.path), entry.regions, tile_px)
        except UnusableImageError as fault:
            tile = Image.new("RGB", (tile_px, tile_px), "lightgrey")
            ImageDraw.Draw(tile).text((4, 4), fault.kind.value, fill=_INK, font=_font())
        sheet.paste(tile, (left, top))
        _write_caption(sheet, entry.caption, left, top + tile_px + 2, tile_px)
    return sheet


def draw_regions(image: Image.Image, regions: Sequence[Region]) -> Image.Image:
    """Return a copy of an image with the boxes of its regions, labelled and scored.

    Args:
        image: An upright image.
        regions: Regions with boxes in its pixels; ready crops are passed over.
    """
    drawn = image.copy()
    pen = ImageDraw.Draw(drawn)
    for number, region in enumerate(regions):
        if region.box is None:
            continue
        colour = _COLOURS[number % len(_COLOURS)]
        left, top, right, bottom = region.box
        # On a small tile a thin box is less than a pixel.
        corners = (left, top, max(left, right - 1), max(top, bottom - 1))
        pen.rectangle(corners, outline=colour, width=3)
        label = f"{region.label} {region.score:.2f}".strip()
        room = drawn.width - pen.textlength(label, font=_font()) - 3
        corner = (max(3.0, min(left + 3, room)), max(0.0, top + 2))
        box = pen.textbbox(corner, label, font=_font())
        pen.rectangle((box[0] - 2, box[1] - 1, box[2] + 2, box[3] + 1), fill=colour)
        pen.text(corner, label, fill="white", font=_font())
    return drawn


def _tile(image: Image.Image, regions: Sequence[Region], tile_px: int) -> Image.Image:
    scale = tile_px / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    scaled = [
        Region(
            (
                region.box[0] * size[0] / image.width,
                region.box[1] * size[1] / image.height,
                region.box[2] * size[0] / image.width,
                region.box[3] * size[1] / image.height,
            ),
            label=region.label,
            score=region.score,
        )
        for region in regions
        if region.box is not None
    ]
    tile = Image.new("RGB", (tile_px, tile_px), "lightgrey")
    tile.paste(draw_regions(image.resize(size, Image.Resampling.LANCZOS), scaled), (0, 0))
    left = 0
    for region in regions:
        if region.crop is None:
            continue
        try:
            crop = open_image(region.crop)
        except UnusableImageError:
            continue
        crop.thumbnail((tile_px // 4, tile_px // 4))
        tile.paste(crop, (left, tile_px - crop.height))
        left += crop.width + 2
    return tile


def _write_caption(sheet: Image.Image, caption: str, left: int, top: int, width: int) -> None:
    pen = ImageDraw.Draw(sheet)
    line, lines = "", list[str]()
    for word in caption.split():
        if line and pen.textlength(f"{line} {word}", font=_font()) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    for number, text in enumerate([*lines, line][:_CAPTION_LINES]):
        pen.text((left, top + number * _LINE_HEIGHT), text, fill=_INK, font=_font())


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_FONT_SIZE)
