"""The service under many requests at once, slow models and failing ones."""

import asyncio
import json
import logging
import threading

import httpx2
import pytest
from fastapi.testclient import TestClient
from fixtures.serving import encoded, picture, same, tiny_pipeline

from gmf.prediction.pipeline import Document
from gmf.serving.app import create_app
from gmf.serving.config import ServeConfig
from gmf.serving.logs import JsonFormatter


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


class Slow:
    """A pipeline that waits for a gate before it answers."""

    def __init__(self, pipeline):
        self.engine, self.source = pipeline.engine, pipeline.source
        self.gate, self.begun = threading.Event(), threading.Event()

    def predict(self, samples, *, batch_size, explain):
        if samples:
            self.begun.set()
            self.gate.wait(10)
        return iter([Document(sample.text, ()) for sample in samples])


def test_full_queue_is_429_and_what_was_accepted_is_answered(pipeline):
    slow = Slow(pipeline)
    app = create_app(slow, config=ServeConfig(max_queue=2, max_posts=2))

    async def run():
        service = app.state.service
        transport = httpx2.ASGITransport(app)
        async with (
            service.running(),
            httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
        ):

            async def ask(text):
                return await client.post("/v1/entities", json={"text": text})

            first = asyncio.create_task(ask("first"))
            assert await asyncio.to_thread(slow.begun.wait, 5)
            waiting = [asyncio.create_task(ask(text)) for text in ("a", "b")]
            while app.state.service.batcher.waiting < 2:
                await asyncio.sleep(0.01)
            assert (await client.get("/ready")).status_code == 503
            assert (await client.get("/health")).status_code == 200
            refused = await ask("c")
            assert refused.status_code == 429
            assert refused.headers["retry-after"] == "1"
            slow.gate.set()
            answers = await asyncio.gather(first, *waiting)
            assert [a.json()["text"] for a in answers] == ["first", "a", "b"]
            assert (await client.get("/ready")).status_code == 200
        assert (await ask_closed(transport)).status_code == 503

    async def ask_closed(transport):
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.get("/ready")).status_code == 503
            return await client.post("/v1/entities", json={"text": "late"})

    asyncio.run(run())


def test_a_request_that_takes_too_long_is_503_and_the_service_goes_on(pipeline):
    slow = Slow(pipeline)
    with TestClient(create_app(slow, config=ServeConfig(timeout_seconds=0.2))) as client:
        answer = client.post("/v1/entities", json={"text": "a"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["detail"] == "Not done within 0.2 seconds; try again."
        slow.gate.set()
        assert client.post("/v1/entities", json={"text": "b"}).json()["text"] == "b"


def test_a_body_that_arrives_too_slowly_is_408(pipeline):
    app = create_app(pipeline, config=ServeConfig(timeout_seconds=0.1))

    async def run():
        async def drip():
            for _ in range(20):
                yield b" "
                await asyncio.sleep(0.05)

        async with (
            app.state.service.running(),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app), base_url="http://test"
            ) as client,
        ):
            headers = {"content-type": "application/json"}
            return await client.post("/v1/entities", content=drip(), headers=headers)

    assert asyncio.run(run()).status_code == 408


def test_bytes_held_by_all_requests_are_bounded(pipeline):
    slow = Slow(pipeline)
    app = create_app(slow, config=ServeConfig(max_held_mb=1, max_body_mb=1))

    async def run():
        async with (
            app.state.service.running(),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app), base_url="http://test"
            ) as client,
        ):
            big = json.dumps({"text": "a"}) + " " * 600_000
            headers = {"content-type": "application/json"}

            def ask():
                return client.post("/v1/entities", content=big, headers=headers)

            first = asyncio.create_task(ask())
            assert await asyncio.to_thread(slow.begun.wait, 5)
            assert (await ask()).status_code == 429
            slow.gate.set()
            assert (await first).status_code == 200
            assert (await ask()).status_code == 200

    asyncio.run(run())


def test_a_failing_post_is_500_alone_and_logs_no_content(pipeline, caplog):
    class Failing(Slow):
        def predict(self, samples, *, batch_size, explain):
            if any("SECRET" in sample.text for sample in samples):
                raise ValueError("SECRET inside the message")
            return iter([Document(sample.text, ()) for sample in samples])

    with TestClient(create_app(Failing(pipeline)), raise_server_exceptions=False) as client:
        posts = [{"text": "a"}, {"text": "SECRET"}, {"text": "b"}]
        with caplog.at_level(logging.INFO):
            items = client.post("/v1/entities/batch", json={"posts": posts}).json()["items"]
            single = client.post("/v1/entities", json={"text": "SECRET"})
    assert [item["problem"] and item["problem"]["status"] for item in items] == [None, 500, None]
    assert single.status_code == 500
    lines = [JsonFormatter().format(r) for r in caplog.records if r.name == "gmf.serving"]
    assert not any("SECRET" in line for line in lines)
    assert any(json.loads(line).get("error") == "ValueError" for line in lines)
    [line] = [json.loads(line) for line in lines if "/v1/entities/batch" in line]
    assert line["posts"] == 3
    assert line["status"] == 200
    assert line["event"] == "request"
    assert line["milliseconds"] > 0


def test_concurrent_answers_match_their_requests(pipeline):
    """Each post is compared with what the pipeline says of it alone."""
    app = create_app(pipeline, config=ServeConfig(max_queue=1000))
    colours = ("red", "green", "blue", "yellow")
    posts = []
    for number in range(60):
        post = {"text": f"number {number} Rocky is ready " + "in Oslo " * (number % 5)}
        if number % 3:
            post["images"] = [{"data": encoded(picture(colours[number % 4]))}]
        if number % 7 == 0:
            post["explain"] = True
        posts.append(post)

    async def run():
        async with (
            app.state.service.running(),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app), base_url="http://test"
            ) as client,
        ):
            return await asyncio.gather(*(client.post("/v1/entities", json=post) for post in posts))

    answers = asyncio.run(run())
    for number, answer in enumerate(answers):
        assert answer.json()["text"] == posts[number]["text"]
        content = picture(colours[number % 4]) if number % 3 else None
        same(answer.json()["entities"], pipeline(posts[number]["text"], image=content))
    sizes = [
        sample.value
        for family in app.state.service.metrics.registry.collect()
        for sample in family.samples
        if sample.name == "gmf_batch_posts_count"
    ]
    assert sizes[0] < 30, "requests were not batched"
