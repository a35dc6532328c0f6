"""Structured logs: one JSON object a line, on stderr, never with what a post contains."""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

LOGGER = "gmf.serving"
#: Loggers whose words never quote a request, and that of Python's warnings.
_OURS = (LOGGER, "uvicorn", "py.warnings")


class JsonFormatter(logging.Formatter):
    """Write a record as one line of JSON.

    Fields come from ``extra={"fields": {...}}``. Of an exception only its type and places are
    written: its message may quote the post. So may what other libraries fill into their messages.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if record.name.startswith(_OURS) else str(record.msg),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            frames = traceback.extract_tb(error.__traceback__)
            line["places"] = [f"{frame.filename}:{frame.lineno}" for frame in frames[-8:]]
        return json.dumps(line, ensure_ascii=False)


def log_config() -> dict[str, Any]:
    """Return the configuration for ``logging`` with which the server starts.

    What other libraries log, and warnings, are lines of the same form.
    """
    handler = {"class": "logging.StreamHandler", "formatter": "json"}
    names = (LOGGER, "uvicorn.error")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"stderr": handler},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            n: {"handlers": ["stderr"], "level": "INFO", "propagate": False} for n in names
        },
    }
