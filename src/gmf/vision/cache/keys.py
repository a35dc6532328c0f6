"""Content keys of views; a file is read once for as long as it does not change."""

import hashlib
from pathlib import Path
from typing import Any

from gmf.data.images import read_source
from gmf.vision.views import View


class ContentKeys:
    """Computes the key of a view, equal to `gmf.vision.views.content_key`, and remembers files.

    A file counts as unchanged while size, time of change and inode stay the same.
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int, int], Any]] = {}

    def __reduce__(self) -> tuple[object, ...]:
        """Start empty in another process: hash states cannot travel."""
        return ContentKeys, ()

    def key_of(self, view: View) -> bytes:
        """Return the 32-byte key of a view's encoded picture and box.

        Raises:
            UnusableImageError: If the file is absent or cannot be read.
        """
        digest = self._digest_of(view.source).copy()
        digest.update(repr(view.box).encode())
        return digest.digest()

    def _digest_of(self, source: Path | bytes) -> Any:
        if isinstance(source, bytes):
            return hashlib.sha256(source)
        try:
            found = source.stat()
        except (OSError, ValueError):
            # Reading fails likewise and says why.
            return hashlib.sha256(read_source(source))
        state = (found.st_size, found.st_mtime_ns, found.st_ino)
        known = self._known.get(source)
        if known is None or known[0] != state:
            known = (state, hashlib.sha256(read_source(source)))
            self._known[source] = known
        return known[1]
