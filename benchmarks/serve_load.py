"""Load a server on loopback with concurrent clients, and check that every answer is its request's.

python benchmarks/serve_load.py RUN --seconds 60 --clients 64

Posts are texts alone and the same texts with different drawn images, half and half. Beforehand the
pipeline answers each post alone: that gives the expected entities and confidences, and the speed of
the loop that people write by hand. The server is then loaded twice: batching as it does by itself,
and one post at a time (max_batch=1).
"""

import argparse
import asyncio
import random
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from io import BytesIO
from statistics import quantiles

import httpx2
from PIL import Image, ImageDraw

import gmf
from gmf.prediction.documents import Document

NAMES = ("Rocky", "Jordan", "Ann Lee", "Acme", "Oslo", "New York", "Red Cross", "World Cup")
PATTERNS = (
    "{a} is ready for snow season",
    "RT @fan: {a} was amazing with {b} last night #blessed",
    "{a} opens an office in {b}, says {c}. More at https://example.org/news ❄️",
    "so {a} and {b} walk into {c} and nobody believes what happened after that, not even {a} !!!",
)
#: Batches change the order of sums, and with it the last digits.
TOLERANCE = 1e-3

Post = tuple[str, bytes | None]


def drawn(rng: random.Random) -> bytes:
    """Return a JPEG of 640 x 480 pixels with a few shapes."""
    image = Image.new("RGB", (640, 480), tuple(rng.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = rng.randrange(560), rng.randrange(400)
        colour = tuple(rng.randrange(256) for _ in range(3))
        shape = rng.choice((pen.ellipse, pen.rectangle))
        shape((x, y, x + rng.randrange(20, 300), y + rng.randrange(20, 300)), fill=colour)
    buffer = BytesIO()
    image.save(buffer, format="JPEG", quality=85)
    return buffer.getvalue()


def posts(number: int) -> list[Post]:
    """Return posts: every text once alone and once with an image, some texts with two images."""
    rng = random.Random(1)
    found: list[Post] = []
    for row in range(number // 2):
        a, b, c = rng.sample(NAMES, 3)
        text = f"{PATTERNS[row % len(PATTERNS)].format(a=a, b=b, c=c)} {row // 2}"
        found += [(text, None), (text, drawn(rng))]
    return found


def differs(answer: dict, expected: Document) -> bool:
    """Say whether an answer is another post's."""
    if answer["text"] != expected.text or len(answer["entities"]) != len(expected.entities):
        return True
    return any(
        (found["char_start"], found["char_end"], found["type"])
        != (entity.char_start, entity.char_end, entity.type)
        or abs(found["confidence"] - entity.confidence) > TOLERANCE
        for found, entity in zip(answer["entities"], expected.entities, strict=True)
    )


@contextmanager
def server(run: str, *limits: str):
    """Serve a run in a process of its own and yield its address."""
    command = [sys.executable, "-m", "gmf", "serve", run, "--port", "0", *limits]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        try:
            yield process.stdout.readline().strip().rstrip("/")
        finally:
            process.terminate()


async def load(
    url: str, work: list[Post], expected: list[Document], *, clients: int, seconds: float
):
    """Send posts for a while; return latencies, wrong answers and errors."""
    latencies, wrong, errors = [], [], []
    end = time.perf_counter() + seconds
    limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)

    async def client_loop(client: httpx2.AsyncClient, seed: int) -> None:
        rng = random.Random(seed)
        while time.perf_counter() < end:
            row = rng.randrange(len(work))
            text, image = work[row]
            begun = time.perf_counter()
            try:
                answer = await client.post(
                    f"{url}/v1/entities",
                    data={"text": text},
                    files={"image": image} if image else {"explain": (None, "false")},
                )
            except httpx2.TransportError as error:
                errors.append(repr(error))
                continue
            if answer.status_code != 200:
                errors.append(f"{answer.status_code} {answer.text[:200]}")
                continue
            latencies.append(time.perf_counter() - begun)
            if differs(answer.json(), expected[row]):
                wrong.append(row)

    async with httpx2.AsyncClient(limits=limits, timeout=60) as client:
        for _ in range(600):
            try:
                if (await client.get(f"{url}/ready")).status_code == 200:
                    break
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.1)
        begun = time.perf_counter()
        end = begun + seconds
        await asyncio.gather(*(client_loop(client, seed) for seed in range(clients)))
        spent = time.perf_counter() - begun
        metrics = (await client.get(f"{url}/metrics")).text
    return latencies, wrong, errors, spent, metrics


def metric(text: str, name: str) -> float:
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="run or checkpoint folder")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--posts", type=int, default=200)
    arguments = parser.parse_args()
    work = posts(arguments.posts)
    pipeline = gmf.load(arguments.run)
    pipeline(*work[0][:1])
    begun = time.perf_counter()
    expected = [pipeline(text, image=image) for text, image in work]
    alone = len(work) / (time.perf_counter() - begun)
    print(f"loop, one post a call, in Python:    {alone:7.1f} posts/s ({len(work)} posts)")
    failed = False
    for name, limits in (("server, batching", ()), ("server, max_batch=1", ("max_batch=1",))):
        with server(arguments.run, *limits) as url:
            latencies, wrong, errors, spent, metrics = asyncio.run(
                load(url, work, expected, clients=arguments.clients, seconds=arguments.seconds)
            )
        marks = quantiles(latencies, n=100)
        batch = metric(metrics, "gmf_batch_posts_sum") / metric(metrics, "gmf_batch_posts_count")
        print(
            f"{name:36} {len(latencies) / spent:7.1f} posts/s, {arguments.clients} clients, "
            f"{spent:.0f} s: {len(latencies)} answers, {len(wrong)} wrong, {len(errors)} errors; "
            f"p50 {marks[49]:.2f} s, p99 {marks[98]:.2f} s; {batch:.1f} posts a batch"
        )
        for error in errors[:3]:
            print(f"  {error}")
        failed |= bool(wrong or errors)
    sys.exit(failed)


if __name__ == "__main__":
    main()
