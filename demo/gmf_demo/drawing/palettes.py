"""Colours: what each role of a drawing may be, and tonings that recolour a whole image."""

import colorsys
from collections.abc import Callable
from random import Random

Colour = tuple[int, int, int]

#: Colours that a role takes; one is drawn per image.
ROLE_COLOURS: dict[str, tuple[Colour, ...]] = {
    "skin": ((246, 213, 184), (229, 180, 140), (198, 142, 104), (150, 98, 66), (104, 68, 48)),
    "hair": (
        (40, 28, 24),
        (92, 58, 34),
        (150, 98, 48),
        (214, 176, 96),
        (120, 120, 124),
        (150, 60, 36),
    ),
    "lip": ((180, 62, 66), (150, 50, 60)),
    "eye": ((120, 170, 60), (226, 176, 40), (90, 150, 190)),
    "fur": ((186, 132, 80), (150, 96, 56), (212, 178, 132), (120, 100, 86), (226, 160, 86)),
    "fur_dark": ((96, 62, 40), (72, 56, 48), (120, 78, 40)),
    "fur_light": ((244, 228, 202), (250, 240, 226)),
    "nose": ((226, 146, 146), (214, 128, 132)),
    "beak": ((240, 160, 40), (232, 130, 36)),
    "grey": ((176, 180, 186), (160, 166, 172)),
    "grey_dark": ((96, 102, 110), (78, 84, 92)),
    "white": ((250, 250, 246), (240, 240, 236)),
    "ink": ((30, 32, 40), (44, 36, 40)),
    "shade": ((70, 68, 84), (84, 72, 68)),
    "wall": ((230, 214, 186), (214, 198, 200), (240, 226, 160), (200, 212, 220)),
    "stone": ((160, 156, 150), (140, 146, 156), (178, 164, 144)),
    "brick": ((170, 84, 64), (150, 70, 60)),
    "roof": ((166, 60, 48), (110, 60, 52), (74, 84, 104)),
    "window": ((160, 206, 230), (250, 226, 140), (110, 150, 180)),
    "wood": ((124, 84, 52), (98, 66, 44)),
    "leaf": ((76, 140, 70), (52, 112, 62), (110, 160, 60)),
    "ground": ((120, 160, 84), (150, 140, 96), (96, 128, 80)),
    "water": ((70, 140, 190), (90, 170, 200)),
    "sky": ((140, 196, 236), (120, 180, 226)),
    "light": ((250, 220, 110), (255, 236, 170)),
    "metal": ((90, 98, 112), (120, 110, 104)),
    "crust": ((222, 166, 92), (206, 146, 78)),
    "cheese": ((248, 208, 96), (244, 196, 80)),
    "tomato": ((206, 60, 46), (190, 48, 52)),
    "meat": ((104, 62, 42), (120, 72, 50)),
}
#: Roles of any strong colour.
FREE_ROLES = ("cloth", "trousers", "accent", "brand")
#: Roles of what lies behind everything: pale, now and then dark, so that figures stand out.
BACKDROPS = ("backdrop", "backdrop_second")


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def luminance(colour: Colour) -> float:
    """Return brightness in [0, 1]."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def shaded(colour: Colour, factor: float) -> Colour:
    """Return a colour made darker (factor below 1) or lighter (above 1)."""
    if factor <= 1:
        return _mix((0, 0, 0), colour, factor)
    return _mix(colour, (255, 255, 255), min(1.0, factor - 1))


def _saturation(colour: Colour, factor: float) -> Colour:
    grey = round(255 * luminance(colour))
    red, green, blue = (
        max(0, min(255, round(grey + factor * (channel - grey)))) for channel in colour
    )
    return red, green, blue


def strong_colour(rng: Random) -> Colour:
    """Return a strong colour of any hue."""
    channels = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.55, 0.9), rng.uniform(0.45, 0.9))
    red, green, blue = (round(255 * channel) for channel in channels)
    return red, green, blue


def _backdrop(rng: Random) -> Colour:
    return shaded(strong_colour(rng), 0.4 if rng.random() < 0.2 else rng.uniform(1.5, 1.85))


def _duotone(rng: Random) -> Callable[[Colour], Colour]:
    dark = shaded(strong_colour(rng), 0.4)
    light = shaded(strong_colour(rng), 1.75)
    return lambda colour: _mix(dark, light, luminance(colour))


def toning(name: str, rng: Random) -> Callable[[Colour], Colour]:
    """Return the function that recolours an image.

    Args:
        name: ``natural``, ``pastel``, ``vivid``, ``muted``, ``dusk``, ``grey``, ``sepia``,
            ``duotone`` or ``paper``.
        rng: Chooses the two colours of ``duotone``.

    Raises:
        KeyError: If the name is another.
    """
    fixed: dict[str, Callable[[Colour], Colour]] = {
        "natural": lambda colour: colour,
        "pastel": lambda colour: shaded(_saturation(colour, 0.8), 1.4),
        "vivid": lambda colour: _saturation(colour, 1.5),
        "muted": lambda colour: _saturation(colour, 0.5),
        "dusk": lambda colour: _mix(_saturation(colour, 0.8), (40, 40, 110), 0.35),
        "grey": lambda colour: _saturation(colour, 0.0),
        "sepia": lambda colour: _mix((50, 30, 14), (244, 224, 184), luminance(colour)),
        "paper": lambda colour: shaded(_saturation(colour, 0.9), 1.1),
    }
    return _duotone(rng) if name == "duotone" else fixed[name]


class Palette:
    """The colours of one image: a role keeps its colour, slightly varied, under one toning.

    Args:
        rng: Source of the choices.
        tone: Name of the toning.
    """

    def __init__(self, rng: Random, *, tone: str) -> None:
        self._tone = toning(tone, rng)
        self._colours = {role: rng.choice(choices) for role, choices in ROLE_COLOURS.items()}
        self._colours |= {role: strong_colour(rng) for role in FREE_ROLES}
        self._colours |= {role: _backdrop(rng) for role in BACKDROPS}
        shift = rng.uniform(0.85, 1.12)
        self._colours = {role: shaded(colour, shift) for role, colour in self._colours.items()}

    def __getitem__(self, role: str) -> Colour:
        """Return the toned colour of a role.

        Raises:
            KeyError: If no colour is known for the role.
        """
        return self._tone(self._colours[role])

    def toned(self, colour: Colour) -> Colour:
        """Return any colour under the image's toning."""
        return self._tone(colour)
