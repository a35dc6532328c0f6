"""The canvas: draws shapes, already in pixels, in one style."""

from itertools import pairwise
from random import Random

from PIL import Image, ImageDraw

from gmf_demo.drawing.palettes import Colour, Palette, luminance, shaded
from gmf_demo.drawing.shapes import Point, Shape
from gmf_demo.drawing.styles import Style

#: Shapes are drawn this many times as large and reduced, for smooth edges.
OVERSAMPLING = 2
#: Size that style widths refer to.
REFERENCE_PX = 256


class Canvas:
    """An image in the making.

    Args:
        size: Width and height in pixels.
        style: How to draw.
        palette: Which colours.
        rng: Source of slips of the hand and of shades.
    """

    def __init__(
        self, size: tuple[int, int], *, style: Style, palette: Palette, rng: Random
    ) -> None:
        self._style, self._palette, self._rng = style, palette, rng
        self._scale = OVERSAMPLING * min(size) / REFERENCE_PX
        width, height = size[0] * OVERSAMPLING, size[1] * OVERSAMPLING
        self._bare = self._ground()
        self._image = Image.new("RGB", (width, height), self._bare)
        self._draw = ImageDraw.Draw(self._image)

    def _ground(self) -> Colour:
        if self._style.ground == "paper":
            return self._rng.choice(((246, 242, 230), (250, 250, 248), (236, 232, 216)))
        if self._style.ground == "dark":
            return self._rng.choice(((38, 52, 46), (34, 38, 48), (28, 46, 84)))
        return self._palette.toned(
            self._rng.choice(((236, 236, 232), (206, 222, 230), (232, 216, 200)))
        )

    def _line_colour(self, fill: Colour) -> Colour:
        if self._style.outline_colour == "ink":
            return (28, 26, 30)
        if self._style.outline_colour == "light":
            return shaded(fill, 1.45) if luminance(fill) < 0.6 else (240, 240, 232)
        return shaded(fill, 0.6)

    def _slipped(self, points: tuple[Point, ...]) -> list[Point]:
        slip = self._style.wobble * self._scale
        scaled = [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points]
        if not slip:
            return scaled
        gauss = self._rng.gauss
        return [(x + gauss(0, slip), y + gauss(0, slip)) for x, y in scaled]

    def paint(self, shape: Shape) -> None:
        """Draw one shape whose points and stroke are in pixels."""
        if shape.stroke:
            self._stroke(shape)
        else:
            self._polygon(shape)

    def _stroke(self, shape: Shape) -> None:
        points, fill = self._slipped(shape.points), self._palette[shape.role]
        width = max(OVERSAMPLING, round(shape.stroke * OVERSAMPLING))
        rim = self._style.outline * self._scale
        if self._style.fill == "empty" and width <= 4 * rim:
            self._draw.line(
                points, self._line_colour(fill), max(2, round(min(width, 1.5 * rim))), joint="curve"
            )
            return
        if (rim and width > 4 * rim) or self._style.fill == "empty":
            self._draw.line(points, self._line_colour(fill), width, joint="curve")
            width = max(1, width - 2 * round(rim))
        inside = self._bare if self._style.fill == "empty" else fill
        self._draw.line(points, inside, width, joint="curve")

    def _polygon(self, shape: Shape) -> None:
        points, fill = self._slipped(shape.points), self._palette[shape.role]
        style = self._style
        if style.has_shadow and not shape.is_detail:
            self._shadow(points)
        if style.fill == "empty":
            dark = style.outline_colour == "light"
            lead = luminance(fill)
            solid = (lead > 0.75) if dark else (lead < 0.25)
            self._draw.polygon(points, self._line_colour(fill) if solid else self._bare)
        elif style.fill == "flat" or shape.is_detail:
            self._draw.polygon(points, fill)
        elif style.fill == "facets":
            self._facets(points, fill)
        else:
            self._textured(points, fill)
        if style.outline and (not shape.is_detail or style.fill == "empty"):
            self._outline(shape.points, fill)

    def _outline(self, original: tuple[Point, ...], fill: Colour) -> None:
        width = max(1, round(self._style.outline * self._scale))
        for _ in range(self._style.passes):
            points = self._slipped(original)
            self._draw.line([*points, points[0]], self._line_colour(fill), width, joint="curve")

    def _facets(self, points: list[Point], fill: Colour) -> None:
        x = sum(p[0] for p in points) / len(points)
        y = sum(p[1] for p in points) / len(points)
        self._draw.polygon(points, fill)
        step = max(1, len(points) // 7)
        ends = [*points[::step], points[0]]
        for a, b in pairwise(ends):
            self._draw.polygon([(x, y), a, b], shaded(fill, self._rng.uniform(0.72, 1.22)))

    def _shadow(self, points: list[Point]) -> None:
        for reach, strength in ((5.0, 0.86), (3.0, 0.72)):
            offset = reach * self._scale
            moved = [(p[0] + offset, p[1] + offset) for p in points]
            left, top = (max(0, int(min(p[i] for p in moved))) for i in (0, 1))
            right = min(self._image.width, int(max(p[0] for p in moved)) + 1)
            bottom = min(self._image.height, int(max(p[1] for p in moved)) + 1)
            if right <= left or bottom <= top:
                return
            area = (left, top, right, bottom)
            mask = Image.new("L", (right - left, bottom - top), 0)
            ImageDraw.Draw(mask).polygon([(p[0] - left, p[1] - top) for p in moved], 255)
            below = self._image.crop(area)
            self._image.paste(below.point(lambda value, s=strength: value * s), area, mask)

    def _textured(self, points: list[Point], fill: Colour) -> None:
        left, top = (max(0, int(min(p[i] for p in points))) for i in (0, 1))
        right = min(self._image.width, int(max(p[0] for p in points)) + 1)
        bottom = min(self._image.height, int(max(p[1] for p in points)) + 1)
        if right <= left or bottom <= top:
            return
        width, height = right - left, bottom - top
        mask = Image.new("L", (width, height), 0)
        ImageDraw.Draw(mask).polygon([(p[0] - left, p[1] - top) for p in points], 255)
        texture = (
            self._blend(fill, width, height)
            if self._style.fill == "gradient"
            else self._hatch(fill, width, height)
        )
        self._image.paste(texture, (left, top), mask)

    def _blend(self, fill: Colour, width: int, height: int) -> Image.Image:
        ramp = Image.linear_gradient("L")
        if self._rng.random() < 0.5:
            ramp = ramp.transpose(Image.Transpose.ROTATE_90)
        low, high = shaded(fill, 0.72), shaded(fill, 1.22)
        return Image.composite(
            Image.new("RGB", (width, height), low),
            Image.new("RGB", (width, height), high),
            ramp.resize((width, height)),
        )

    def _hatch(self, fill: Colour, width: int, height: int) -> Image.Image:
        texture = Image.new("RGB", (width, height), shaded(fill, 1.75))
        draw = ImageDraw.Draw(texture)
        gap = max(4, round((3.0 + 5.0 * luminance(fill)) * self._scale))
        slant = self._rng.choice((1, 1, -1))
        for x in range(-height, width + height, gap):
            draw.line(
                [(x, 0), (x + slant * height, height)],
                shaded(fill, 0.75),
                max(2, round(1.4 * self._scale)),
            )
        return texture

    def finished(self) -> Image.Image:
        """Return the image in its final size, with the style's finish."""
        reduced = self._image.reduce(OVERSAMPLING)
        return self._style.finish(reduced, self._rng)
