"""Image paths as tools write them: relative, below one folder, or not taken."""

import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from gmf.exchange.report import ConversionReport
from gmf.reading.json_rows import ImageRow
from gmf.reading.paths import inside

_URL = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
#: Where Label Studio serves its own files: local storage, and uploads of a project.
_LOCAL, _UPLOAD = "/data/local-files/", "/data/upload/"


def image_of(name: object, *, where: str, report: ConversionReport) -> tuple[ImageRow, ...]:
    """Return the image of a path, or none, counted as lost.

    ``/data/local-files/?d=PATH`` and ``/data/upload/PATH``, which Label Studio writes for its own
    files, are PATH. URLs, data URIs, absolute paths and paths with ``..`` are not taken.

    Source: https://labelstud.io/guide/storage#Local-storage.

    Args:
        name: What the tool wrote.
        where: Where it stands.
        report: Counts what is not taken.
    """
    if not name:
        return ()
    if not isinstance(name, str):
        report.lose(f"image given as {type(name).__name__}", where)
        return ()
    path = name
    if name.startswith(_LOCAL):
        path = "".join(parse_qs(urlsplit(name).query).get("d", ()))
    elif name.startswith(_UPLOAD):
        path = unquote(name.removeprefix(_UPLOAD))
    elif _URL.match(name):
        kind = "image inside the file (data: URI)" if name.startswith("data:") else "image at a URL"
        report.lose(kind, where)
        return ()
    try:
        path.encode()
        inside(Path(), path)
    except ValueError:
        report.lose("image with a path that leaves its folder", where)
        return ()
    return (ImageRow(path=path, regions=()),)
