"""Drawing styles: how shapes become pixels. Dev and test styles never occur in training."""

from dataclasses import dataclass
from typing import Literal

from gmf_demo.drawing import finishes
from gmf_demo.drawing.finishes import Finish

Fill = Literal["flat", "gradient", "facets", "hatch", "empty"]


@dataclass(frozen=True)
class Style:
    """A way of drawing.

    Args:
        name: Unique name.
        fill: How a polygon is filled; ``empty`` leaves the ground's colour.
        tones: Tonings that an image of this style may have.
        outline: Width of outlines in pixels of a 256-pixel image; 0 for none.
        outline_colour: ``ink``, ``light``, or ``own`` for a darker shade of the fill.
        passes: How many times each outline is drawn.
        wobble: How far a hand slips, in pixels of a 256-pixel image.
        has_shadow: Whether every part throws a shadow.
        ground: ``any`` background, plain ``paper``, or a ``dark`` board.
        finish: What happens to the whole image at the end.
    """

    name: str
    fill: Fill = "flat"
    tones: tuple[str, ...] = ("natural",)
    outline: float = 0.0
    outline_colour: Literal["ink", "light", "own"] = "ink"
    passes: int = 1
    wobble: float = 0.0
    has_shadow: bool = False
    ground: Literal["any", "paper", "dark"] = "any"
    finish: Finish = finishes.clean


COLOURFUL = ("natural", "pastel", "vivid", "muted", "dusk")

TRAIN_STYLES = (
    Style("flat", tones=COLOURFUL),
    Style("comic", outline=2.4, tones=("natural", "vivid")),
    Style(
        "pencil",
        fill="empty",
        outline=1.2,
        passes=2,
        wobble=1.0,
        ground="paper",
        tones=("grey", "sepia"),
        finish=finishes.paper,
    ),
    Style("gradient", fill="gradient", tones=COLOURFUL),
    Style("facets", fill="facets", tones=COLOURFUL),
    Style("halftone", outline=1.6, tones=("natural", "vivid", "grey"), finish=finishes.halftone),
    Style(
        "chalk",
        fill="empty",
        outline=1.8,
        outline_colour="light",
        passes=2,
        wobble=1.2,
        ground="dark",
        finish=finishes.grain,
    ),
    Style(
        "watercolour",
        outline=0.8,
        outline_colour="own",
        wobble=1.2,
        tones=("natural", "pastel", "muted"),
        ground="paper",
        finish=finishes.watercolour,
    ),
    Style(
        "crayon",
        outline=2.0,
        outline_colour="own",
        wobble=1.6,
        passes=2,
        tones=("natural", "vivid"),
        ground="paper",
        finish=finishes.wax,
    ),
    Style("glass", fill="facets", outline=3.2, tones=("vivid", "dusk"), finish=finishes.clean),
    Style("photo", fill="gradient", tones=("natural", "muted", "dusk"), finish=finishes.photo),
    Style("newsprint", fill="gradient", outline=0.8, tones=("grey",), finish=finishes.grain),
    Style("mosaic", tones=COLOURFUL, finish=finishes.mosaic),
    Style(
        "oil",
        fill="gradient",
        outline_colour="own",
        outline=1.0,
        tones=("natural", "dusk", "vivid"),
        finish=finishes.oil,
    ),
    Style("duotone", tones=("duotone",), outline=1.0, outline_colour="own", finish=finishes.grain),
    Style("linocut", outline=2.2, tones=("natural",), finish=finishes.cut),
)
DEV_STYLES = (
    Style(
        "poster", fill="gradient", tones=("muted", "duotone", "vivid"), finish=finishes.posterised
    ),
    Style(
        "marker", fill="hatch", outline=1.8, wobble=0.8, tones=("natural", "vivid"), ground="paper"
    ),
    Style("television", outline=1.0, tones=("natural", "vivid"), finish=finishes.screen_lines),
)
TEST_STYLES = (
    Style("papercut", has_shadow=True, tones=("natural", "paper", "muted"), finish=finishes.paper),
    Style("pixels", tones=("natural", "vivid", "dusk"), outline=1.4, finish=finishes.blocks),
    Style("old photo", fill="gradient", tones=("sepia",), finish=finishes.old_photo),
    Style(
        "engraving",
        fill="hatch",
        outline=1.2,
        tones=("sepia", "grey"),
        ground="paper",
        finish=finishes.paper,
    ),
    Style(
        "embroidery",
        outline=1.4,
        outline_colour="own",
        tones=("natural", "vivid", "pastel"),
        finish=finishes.embroidery,
    ),
)
STYLES_OF_SPLIT: dict[str, tuple[Style, ...]] = {
    "train": TRAIN_STYLES,
    "dev": DEV_STYLES,
    "test": TEST_STYLES,
}
