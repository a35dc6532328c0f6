"""Parquet by pyarrow, which is an extra."""

from typing import Any

from gmf.core.errors import ConfigError


def pyarrow_parquet() -> Any:
    """Return the module ``pyarrow.parquet``.

    Raises:
        ConfigError: If pyarrow is not installed.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError("Parquet needs pyarrow: pip install 'gmf[parquet]'") from error
    return parquet
