"""Pascal VOC files: the size of an image and the named boxes in it."""

from dataclasses import dataclass
from typing import NoReturn
from xml.etree import ElementTree

from gmf.data.images import Box


@dataclass(frozen=True, slots=True)
class VocFile:
    """A Pascal VOC file.

    Args:
        size: Width and height as the file states them; ``None`` when it does not.
        objects: Name, empty when it has none, and box of each object.
    """

    size: tuple[int, int] | None
    objects: tuple[tuple[str, Box], ...]


class _NoDocumentType(ElementTree.TreeBuilder):
    """Refuses document types, which may declare entities that grow or read files."""

    def doctype(self, *_: str | None) -> NoReturn:
        raise ValueError("a document type is not expected in an annotation")


def parse_voc(content: bytes) -> VocFile:
    """Read a Pascal VOC file.

    Raises:
        ValueError: If it is no such file, or declares a document type.
    """
    parser = ElementTree.XMLParser(target=_NoDocumentType())
    try:
        root = ElementTree.fromstring(content, parser)
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(str(error)) from error
    width, height = (root.findtext(f"size/{side}") for side in ("width", "height"))
    size = None if width is None or height is None else (int(width), int(height))
    return VocFile(size, tuple(map(_object, root.iter("object"))))


def _object(item: ElementTree.Element) -> tuple[str, Box]:
    left, top, right, bottom = (_side(item, side) for side in ("xmin", "ymin", "xmax", "ymax"))
    return (item.findtext("name") or "").strip(), (left, top, right, bottom)


def _side(item: ElementTree.Element, side: str) -> float:
    text = item.findtext(f"bndbox/{side}")
    if text is None:
        raise ValueError(f"an object has no bndbox with {side}")
    return float(text)
