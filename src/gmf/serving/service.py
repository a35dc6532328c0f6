"""Posts in, answers out: one model, one queue, one deadline a request."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter

from gmf.prediction.pipeline import Pipeline
from gmf.serving.batcher import Batcher, ClosedError, QueueFullError
from gmf.serving.config import ServeConfig
from gmf.serving.engine import Engine
from gmf.serving.logs import LOGGER
from gmf.serving.metrics import Metrics
from gmf.serving.problems import RefusedError
from gmf.serving.regions import RegionFinder
from gmf.serving.schemas import Entities, Post


class Service:
    """Answers posts of concurrent requests in batches.

    Args:
        pipeline: A trained model.
        config: Limits.
        finder: Finds regions in images that come without.
    """

    def __init__(
        self, pipeline: Pipeline, config: ServeConfig, *, finder: RegionFinder | None = None
    ) -> None:
        self.config, self.metrics = config, Metrics()
        self.engine = Engine(pipeline, batch_size=config.pass_size, finder=finder)
        self.batcher: Batcher[Post, Entities] = Batcher(
            self._work,
            size=self.engine.size,
            max_batch=config.max_batch,
            max_queue=config.max_queue,
        )
        self.metrics.waiting.set_function(lambda: self.batcher.waiting)

    @property
    def is_ready(self) -> bool:
        """Whether one more post would be accepted."""
        return self.batcher.is_open and self.batcher.waiting < self.config.max_queue

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Accept posts inside the context; on leaving, finish those accepted."""
        self.batcher.start()
        try:
            yield
        finally:
            await self.batcher.stop()

    async def answer(
        self, posts: Sequence[Post], *, deadline: float
    ) -> list[Entities | RefusedError]:
        """Return, for each post in order, what was found or why it failed alone.

        Args:
            posts: Posts whose images can be read.
            deadline: In the time of the event loop.

        Raises:
            RefusedError: If the queue is full (429), the service stops or the deadline passes
                (503).
        """
        try:
            async with asyncio.timeout_at(deadline):
                results = await self.batcher.submit(posts)
        except QueueFullError as error:
            detail = f"More than {self.config.max_queue} posts would wait; try again."
            raise RefusedError(429, detail, reason="queue", retry_after=1) from error
        except ClosedError as error:
            raise RefusedError(503, "The service stops.", reason="stopping") from error
        except TimeoutError as error:
            raise self.too_slow() from error
        answers: list[Entities | RefusedError] = []
        for post, result in zip(posts, results, strict=True):
            if isinstance(result, Entities):
                self.metrics.count_answer(post, result)
                answers.append(result)
            else:
                logging.getLogger(LOGGER).error("post failed", exc_info=result)
                detail = "The model failed on this post; the log of the server says where."
                answers.append(RefusedError(500, detail, reason="failed"))
        return answers

    def too_slow(self) -> RefusedError:
        """Return the refusal of what is not done in time."""
        detail = f"Not done within {self.config.timeout_seconds:g} seconds; try again."
        return RefusedError(503, detail, reason="timeout", retry_after=5)

    def _work(self, posts: Sequence[Post]) -> list[Entities]:
        begun = perf_counter()
        answers = self.engine.answer(posts)
        self.metrics.batch_posts.observe(len(posts))
        self.metrics.batch_seconds.observe(perf_counter() - begun)
        return answers
