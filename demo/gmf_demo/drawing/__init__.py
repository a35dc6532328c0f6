"""Images that the project draws itself: figures, styles, scenes."""

from gmf_demo.drawing.scene import Drawing, draw_image
from gmf_demo.drawing.styles import STYLES_OF_SPLIT, Style

__all__ = ["STYLES_OF_SPLIT", "Drawing", "Style", "draw_image"]
