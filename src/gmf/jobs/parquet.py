"""Parquet by pyarrow, which is an extra."""

from typing import Any

from gmf.core.extras import require_extra


def pyarrow_parquet() -> Any:
    """Return the module ``pyarrow.parquet``.

    Raises:
        ConfigError: If pyarrow is not installed.
    """
    require_extra("pyarrow", extra="parquet", purpose="Parquet")
    from pyarrow import parquet

    return parquet
