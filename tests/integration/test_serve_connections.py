"""Connections as clients use them: old, many, slow, idle, half a request, several at once."""

import json
import socket
import time
from contextlib import contextmanager

import pytest
from fixtures.browser import served
from fixtures.serving import tiny_pipeline

from gmf.serving.app import create_app
from gmf.serving.config import ServeConfig

HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = json.dumps({"text": "Ann Lee in Oslo"}).encode()
POST = b"POST /v1/entities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
WHOLE = POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


@pytest.fixture(scope="module")
def address(pipeline):
    config = ServeConfig(max_connections=4, timeout_seconds=1, keep_alive_seconds=3)
    with served(create_app(pipeline, config=config)) as url:
        yield url


@contextmanager
def connected(address):
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        yield connection


def until_closed(connection):
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def answers(connection, number):
    """Return status and JSON of answers on one connection."""
    found = []
    with connection.makefile("rb") as stream:
        for _ in range(number):
            status = int(stream.readline().split()[1])
            lines = iter(lambda: stream.readline().strip().lower(), b"")
            headers = dict(line.split(b": ", 1) for line in lines)
            found.append((status, json.loads(stream.read(int(headers[b"content-length"])))))
    return found


def refusal(received):
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert b"connection: close" in head.lower()
    problem = json.loads(body)
    assert set(problem) == {"status", "title", "detail", "faults"}
    assert int(head.split()[1]) == problem["status"]
    return problem


def test_requests_may_be_sent_without_waiting_for_answers(address):
    with connected(address) as connection:
        connection.sendall(WHOLE + HEALTH + WHOLE)
        first, second, third = answers(connection, 3)
        assert (first[0], second, third[1]) == (200, (200, {"status": "alive"}), first[1])


def test_http_1_0_is_answered_and_closed(address):
    with connected(address) as connection:
        connection.sendall(WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"))
        received = until_closed(connection)
        assert b"200 OK" in received
        assert json.loads(received.partition(b"\r\n\r\n")[2])["text"] == "Ann Lee in Oslo"


def test_a_client_that_asks_first_is_told_to_go_on(address):
    with connected(address) as connection:
        head = WHOLE.removesuffix(BODY).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(BODY)
        assert answers(connection, 1)[0][0] == 200


@pytest.mark.parametrize(
    ("nonsense", "status"),
    [(b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400), (b"GET\r\n\r\n", 400), (b"a" * 70000, 431)],
)
def test_what_is_no_http_is_refused_in_the_same_form(address, nonsense, status):
    with connected(address) as connection:
        connection.sendall(nonsense)
        assert refusal(until_closed(connection))["status"] == status


def test_a_broken_body_is_refused_in_the_same_form(address):
    with connected(address) as connection:
        connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n")
        assert refusal(until_closed(connection))["status"] == 400


@pytest.mark.parametrize("beginning", [HEALTH[:-2], POST, b"G", HEALTH + b"GET /hea"])
def test_a_head_that_does_not_end_is_refused_in_time(address, beginning):
    with connected(address) as connection:
        begun = time.monotonic()
        connection.sendall(beginning)
        received = until_closed(connection)
        assert time.monotonic() - begun < 8
        if beginning.startswith(HEALTH):
            assert b"alive" in received
        else:
            assert refusal(received)["status"] == 408


def test_a_body_that_does_not_end_is_refused_in_time(address):
    with connected(address) as connection:
        begun = time.monotonic()
        connection.sendall(WHOLE[:-5])
        assert answers(connection, 1)[0][0] == 408
        assert time.monotonic() - begun < 8


def test_a_body_far_beyond_the_limit_is_refused_before_it_comes(pipeline):
    """The connection would otherwise be held until the time of the request is over."""
    config = ServeConfig(timeout_seconds=30)
    with served(create_app(pipeline, config=config)) as url, connected(url) as connection:
        begun = time.monotonic()
        connection.sendall(POST + b"Content-Length: 99999999999\r\n\r\n{")
        assert answers(connection, 1)[0][0] == 413
        assert time.monotonic() - begun < 10


def test_a_head_that_is_too_long_is_told_so(address):
    with connected(address) as connection:
        connection.sendall(HEALTH[:-2] + b"X: " + b"a" * 70_000)
        told = refusal(until_closed(connection))
    assert told["status"] == 431
    assert "too long; send shorter ones" in told["detail"]


def test_an_idle_connection_stays_as_long_as_is_said(address):
    for beginning in (HEALTH, b""):
        with connected(address) as connection:
            connection.sendall(beginning)
            begun = time.monotonic()
            received = until_closed(connection)
            assert (b"alive" in received) == bool(beginning)
            assert 2.5 < time.monotonic() - begun < 8


def test_a_connection_is_kept_for_longer_than_proxies_keep_theirs_by_default(pipeline):
    with served(create_app(pipeline)) as address, connected(address) as connection:
        connection.sendall(HEALTH)
        answers(connection, 1)
        connection.settimeout(6)  # uvicorn's own default is 5
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_connection_beyond_the_limit_is_told_so(address):
    from contextlib import ExitStack

    with ExitStack() as stack:
        opened = [stack.enter_context(connected(address)) for _ in range(4)]
        for connection in opened:
            connection.sendall(HEALTH)
            assert answers(connection, 1)[0][0] == 200
        with connected(address) as further:
            further.sendall(HEALTH)
            problem = refusal(until_closed(further))
            assert problem["status"] == 503
            assert "too many connections" in problem["detail"]
    time.sleep(0.2)
    with connected(address) as connection:
        connection.sendall(HEALTH)
        assert answers(connection, 1)[0][0] == 200


def test_an_upgrade_that_is_not_offered_is_ignored(address):
    with connected(address) as connection:
        asked = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        connection.sendall(HEALTH.replace(b"\r\n\r\n", b"\r\n" + asked))
        assert answers(connection, 1) == [(200, {"status": "alive"})]


@pytest.mark.parametrize("path", [b"/nope", b"/v1/entities"])
def test_a_body_that_goes_on_behind_its_answer_ends_in_time(address, path):
    """Each byte of it would otherwise put off every timer, and all places could be held so."""
    with connected(address) as connection:
        begun = time.monotonic()
        head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
        connection.sendall(head + b"Content-Length: 100\r\n\r\nabc")
        assert connection.recv(65536).startswith(b"HTTP/1.1 4")
        connection.settimeout(0.3)
        closed = False
        while not closed and time.monotonic() - begun < 8:
            try:
                connection.sendall(b"d")
                closed = not connection.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                closed = True
        assert closed


def test_a_connection_is_kept_when_the_body_came_behind_its_answer(address):
    with connected(address) as connection:
        connection.sendall(b"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        assert answers(connection, 1)[0][0] == 404
        connection.sendall(b"b")
        time.sleep(2)  # Longer than a request has, shorter than an idle connection.
        connection.sendall(HEALTH)
        assert answers(connection, 1)[0][0] == 200
        assert until_closed(connection) == b""


def test_an_answer_that_nobody_reads_ends_in_time(address):
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((host, int(port)))
        connection.settimeout(0.5)
        asked = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100
        begun, ended = time.monotonic(), False
        while not ended and time.monotonic() - begun < 20:
            try:
                connection.send(asked)
            except TimeoutError:
                continue
            except ConnectionError:
                ended = True
        assert ended
