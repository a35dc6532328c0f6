"""Pictures that the project draws itself: figures, styles, scenes."""

from gmf_demo.drawing.scene import Picture, draw_picture
from gmf_demo.drawing.styles import STYLES_OF_SPLIT, Style

__all__ = ["STYLES_OF_SPLIT", "Picture", "Style", "draw_picture"]
