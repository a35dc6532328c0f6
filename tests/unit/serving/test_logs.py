"""The log of the service: one JSON object a line, whoever writes it."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

from gmf.serving.logs import JsonFormatter

SCRIPT = """
import logging, logging.config, warnings
from gmf.serving.logs import log_config
logging.config.dictConfig(log_config())
logging.captureWarnings(True)
logging.getLogger("python_multipart.multipart").warning("Did not find %r\\nat %d", b"secret", 3)
warnings.warn("of a\\nlibrary")
logging.getLogger("gmf.serving").info("request", extra={"fields": {"status": 200}})
logging.getLogger("uvicorn.error").warning("Invalid %s", "request")
"""


def test_what_libraries_log_and_warn_is_json_without_what_they_quote():
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, check=True, env=environment
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in lines] == [
        "python_multipart.multipart",
        "py.warnings",
        "gmf.serving",
        "uvicorn.error",
    ]
    assert lines[0]["event"] == "Did not find %r\nat %d"
    assert "of a\nlibrary" in lines[1]["event"]
    assert lines[2]["status"] == 200
    assert lines[3]["event"] == "Invalid request"


def test_the_message_of_an_exception_is_not_written():
    try:
        raise ValueError("secret")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed", (), sys.exc_info())
    line = json.loads(JsonFormatter().format(record))
    assert (line["event"], line["error"]) == ("failed", "ValueError")
    assert "secret" not in json.dumps(line)
