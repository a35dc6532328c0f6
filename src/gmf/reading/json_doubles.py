"""Objects of JSON whose keys stand once each, for ``object_pairs_hook``."""

from collections import Counter
from typing import Any

from gmf.core.errors import DataError


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of its pairs.

    Raises:
        DataError: If a key stands twice, so that one of its values would be lost.
    """
    row = dict(pairs)
    if len(row) < len(pairs):
        key = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise DataError(f"key {key[:50]!a} stands twice in one object; keep one")
    return row
