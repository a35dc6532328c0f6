"""An image of a sample on a page, with its boxes."""

from base64 import b64encode
from io import BytesIO

from gmf.core.types import ImageInput
from gmf.data.images import open_image

#: Pictures are made no larger than this on either side.
MAX_SIDE_PX = 320
JPEG_QUALITY = 85


def picture_with_boxes(image: ImageInput) -> str:
    """Return a picture and its numbered boxes as an HTML ``div``.

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
        f'<img src="data:image/jpeg;base64,{data}" alt="The picture of the post">'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{len(boxes)} boxes">{marks}'
        "</svg></div>"
    )
