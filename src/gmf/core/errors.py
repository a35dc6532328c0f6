"""The exception family: an error says where, what was expected and what to do."""

from pathlib import Path


class GmfError(Exception):
    """Base of all errors raised on purpose; the command line prints them without a traceback."""


class ConfigError(GmfError):
    """A configuration, preset or override is wrong; nothing was started."""


class EncoderError(GmfError):
    """A pretrained encoder cannot be found, fetched or read."""


class CheckpointError(GmfError):
    """A run folder or checkpoint is absent, incomplete or of another version."""


class ExportError(GmfError):
    """A model cannot be exported, or what was exported does not do the same."""


class ImageError(GmfError):
    """An image cannot be read or breaks a limit."""


class CacheError(GmfError):
    """A cache cannot be written, or holds something else than what is being computed."""


class TrainingError(GmfError):
    """Training cannot go on, for example because the loss is not a number."""


class ModelError(GmfError):
    """A model of another package or file fails, or gives something else than its kind asks for."""


class PeerError(GmfError):
    """Another process of the same training stopped, and tells why; this one stops with it."""


def reason_of(error: Exception) -> str:
    """Return what a parser has against a text; Python's own words on its limits are of Python."""
    if "integer string conversion" in str(error):
        return "a number has too many digits"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


class DataError(GmfError):
    """A data file breaks its format.

    Args:
        message: What was expected, what came, and what to do.
        path: The file.
        line: Line number, counted from 1.
        field: Column or key.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        self.path, self.line, self.field = path, line, field
        location = ":".join(str(part) for part in (path, line) if part is not None)
        where = ", ".join(part for part in (location, f"field {field!r}" if field else "") if part)
        super().__init__(f"{where}: {message}" if where else message)
