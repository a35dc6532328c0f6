"""The look of all figures, light and dark, and how they are saved."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gmf.core.extras import require_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Pixels per inch of PNG files.
_DPI = 160


@dataclass(frozen=True)
class Theme:
    """Colours of a figure; the same as those of the page.

    Args:
        paper: Background.
        ink: Text.
        soft: Axes and secondary text.
        line: Grid.
        first: First series.
        second: Second series.
        rest: Series that are not the point.
        right: Right predictions.
        wrong: Wrong ones.
    """

    paper: str
    ink: str
    soft: str
    line: str
    first: str
    second: str
    rest: str
    right: str
    wrong: str


LIGHT = Theme(
    "#ffffff",
    "#1d2330",
    "#5d6575",
    "#dcdad3",
    "#2f6db5",
    "#d98324",
    "#a9b4c4",
    "#2b7a3b",
    "#b3261e",
)
DARK = Theme(
    "#1b2028",
    "#e8eaef",
    "#9aa3b2",
    "#303642",
    "#6fa8ea",
    "#eda653",
    "#566173",
    "#7fcf8f",
    "#ff9d94",
)


class Drawing(Protocol):
    """Draws a figure in a theme."""

    def __call__(self, *, theme: Theme) -> "Figure":
        """Return the figure."""
        ...


def check_installed() -> None:
    """Check that matplotlib can be imported.

    Raises:
        ConfigError: If not; says what installs it.
    """
    require_extra("matplotlib", extra="suite", purpose="gmf suite report")


def save_figure(drawing: Drawing, path: Path) -> dict[str, bytes]:
    """Write a figure as PNG and SVG, light.

    Args:
        drawing: Draws it.
        path: Where, without ending.

    Returns:
        The SVG in both themes, ``light`` and ``dark``, for the page.
    """
    light = _rendered(drawing, LIGHT, "svg")
    path.with_name(f"{path.name}.svg").write_bytes(light)
    path.with_name(f"{path.name}.png").write_bytes(_rendered(drawing, LIGHT, "png"))
    return {"light": light, "dark": _rendered(drawing, DARK, "svg")}


def _rendered(drawing: Drawing, theme: Theme, kind: str) -> bytes:
    buffer = BytesIO()
    with _styled(theme):
        # Without a date the same runs give the same file.
        metadata = {"Date": None} if kind == "svg" else {}
        drawing(theme=theme).savefig(
            buffer, format=kind, dpi=_DPI, metadata=metadata, bbox_inches="tight", pad_inches=0.15
        )
    return buffer.getvalue()


@contextmanager
def _styled(theme: Theme) -> Generator[None]:
    import matplotlib

    options: Any = {
        "figure.facecolor": theme.paper,
        "savefig.facecolor": theme.paper,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.soft,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "axes.labelsize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": theme.line,
        "grid.linewidth": 0.8,
        "text.color": theme.ink,
        # Samples have dollar signs.
        "text.parse_math": False,
        "xtick.color": theme.soft,
        "ytick.color": theme.soft,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "lines.linewidth": 2,
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "svg.hashsalt": "gmf",
    }
    with matplotlib.rc_context(options):
        yield
