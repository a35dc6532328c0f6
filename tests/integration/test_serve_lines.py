"""NDJSON is answered while it arrives: without a socket, part by part."""

import asyncio
import json
import zlib

import pytest
from fixtures.serving import tiny_pipeline

from gmf.serving.app import create_app
from gmf.serving.config import ServeConfig

GONE = {"type": "http.disconnect"}


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


def post(text):
    return json.dumps({"text": text}).encode() + b"\n"


def asked(pipeline, parts, *, headers=(), reads_last=False, **limits):
    """Return status, answered lines, and the texts that the model read.

    Args:
        parts: Parts of the body. A number waits until so many lines are answered, a fraction
            for so many seconds.
        headers: Beside the content type.
        reads_last: Whether no answer can be sent before all parts are.
        **limits: Of the service.
    """
    app = create_app(pipeline, config=ServeConfig(**limits))
    service, sent, left, read = app.state.service, [], list(parts), []
    plain = service.engine.answer
    service.engine.answer = lambda posts: (read.extend(p.text for p in posts), plain(posts))[1]

    def lines():
        return b"".join(message.get("body", b"") for message in sent).split(b"\n")[:-1]

    async def receive():
        while left and isinstance(left[0], int):
            if len(lines()) >= left[0]:
                left.pop(0)
            await asyncio.sleep(0.001)
        if not left:
            await asyncio.sleep(60)
        if isinstance(left[0], float):
            await asyncio.sleep(left.pop(0))
        part = left.pop(0)
        message = {"type": "http.request", "body": part, "more_body": bool(left)}
        return part if part is GONE else message

    async def send(message):
        while reads_last and left:
            await asyncio.sleep(0.001)
        sent.append(message)

    async def run():
        kind = [(b"content-type", b"application/x-ndjson"), *headers]
        scope = {"type": "http", "method": "POST", "path": "/v1/entities/batch", "headers": kind}
        async with service.running():
            await asyncio.wait_for(app({**scope, "query_string": b""}, receive, send), 20)

    asyncio.run(run())
    if not sent:
        return None, [], read
    content = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], [json.loads(line) for line in content.splitlines()], read


def texts(items):
    return [item["result"] and item["result"]["text"] for item in items]


def test_a_line_is_answered_before_the_next_one_is_sent(pipeline):
    parts = [post("one")[:9], post("one")[9:], 1, post("two") + post("three")[:4], 2]
    status, items, _ = asked(pipeline, [*parts, post("three")[4:-1]])
    assert status == 200
    assert texts(items) == ["one", "two", "three"]


def test_a_client_that_sends_all_before_it_reads_is_not_stuck(pipeline):
    """The body is read on while answers wait to be sent."""
    posts = [post(f"post {number}") for number in range(40)]
    status, items, _ = asked(
        pipeline, posts, reads_last=True, max_batch=2, max_queue=4, max_posts=4
    )
    assert status == 200
    assert texts(items) == [f"post {number}" for number in range(40)]


def test_what_is_too_large_ends_the_answer_not_what_was_answered(pipeline):
    large = b"x" * (1 << 20)
    status, items, _ = asked(pipeline, [post("one"), 1, large, b"\n"], max_body_mb=1)
    assert (status, texts(items)) == (200, ["one", None])
    assert items[1]["problem"]["status"] == 413
    status, problem, _ = asked(pipeline, [large, post("one")], max_body_mb=1)
    assert (status, problem[0]["status"]) == (413, 413)


def test_lines_beyond_the_limit_end_the_answer(pipeline):
    parts = [post("one"), 1, post("two") + post("three"), post("four")]
    status, items, read = asked(pipeline, parts, max_lines=2)
    assert (status, texts(items), read) == (200, ["one", "two", None], ["one", "two"])
    assert "4 posts, at most 2" in items[2]["problem"]["detail"]


def test_a_line_that_is_no_utf_8_fails_alone(pipeline):
    _, items, _ = asked(pipeline, [b'{"text": "\xff"}\n' + post("é")])
    assert texts(items) == [None, "é"]
    assert "byte 11 is not" in items[0]["problem"]["detail"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_lines_may_be_cut_anywhere_in_any_unicode(pipeline, encoding, size):
    content = '{"text": "Łódź 😀"}\r\n\r\n{"text": "\u0a0a"}'.encode(encoding)
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    _, items, _ = asked(pipeline, parts)
    assert texts(items) == ["Łódź 😀", "\u0a0a"]


def test_lines_are_unpacked_as_they_come(pipeline):
    packer = zlib.compressobj()
    first = packer.compress(post("one")) + packer.flush(zlib.Z_SYNC_FLUSH)
    second = packer.compress(post("two")) + packer.flush()
    parts = [first, 1, second]
    _, items, _ = asked(pipeline, parts, headers=[(b"content-encoding", b"deflate")])
    assert texts(items) == ["one", "two"]


def test_a_content_that_is_cut_off_is_told_behind_what_was_answered(pipeline):
    packer = zlib.compressobj()
    first = packer.compress(post("one")) + packer.flush(zlib.Z_SYNC_FLUSH)
    _, items, _ = asked(pipeline, [first, 1, b""], headers=[(b"content-encoding", b"deflate")])
    assert texts(items) == ["one", None]
    assert "content is cut off" in items[1]["problem"]["detail"]


def test_a_line_that_does_not_arrive_in_time_ends_the_answer(pipeline):
    _, items, _ = asked(pipeline, [post("one"), 99, b""], timeout_seconds=0.3)
    assert texts(items) == ["one", None]
    assert items[1]["problem"]["status"] == 408
    status, problem, _ = asked(pipeline, [b"{", 99, b""], timeout_seconds=0.3)
    assert (status, problem[0]["status"]) == (408, 408)


def test_a_line_that_comes_byte_by_byte_has_no_more_time(pipeline):
    parts = [post("one"), 1, *(0.4, b" ") * 5, post("two")]
    _, items, _ = asked(pipeline, parts, timeout_seconds=1.2)
    assert texts(items) == ["one", None]
    assert items[1]["problem"]["status"] == 408


def test_nothing_is_computed_for_who_has_gone(pipeline):
    _, items, read = asked(pipeline, [post("one"), 1, post("two"), GONE])
    assert texts(items) == ["one"]
    assert read == ["one"]
