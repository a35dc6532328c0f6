"""Batches: each post fails alone, and the answers to NDJSON are sent as they come."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from gmf.serving.intake import Intake
from gmf.serving.lines import Lines
from gmf.serving.problems import RefusedError
from gmf.serving.schemas import BatchItem, Entities, Post
from gmf.serving.service import Service

#: Seconds until a full queue is asked again by a request that is already being answered.
_PAUSE = 0.05


class Batches:
    """Answers the posts of batch requests.

    Args:
        service: Has the model.
        intake: Reads posts.
    """

    def __init__(self, service: Service, intake: Intake) -> None:
        self.service, self.intake = service, intake

    async def answer(self, posts: Sequence[object], *, deadline: float) -> list[BatchItem]:
        """Return the item of each post, in order.

        Args:
            posts: As they were sent, see ``Intake.posts``.
            deadline: In the time of the event loop.

        Raises:
            RefusedError: If the service cannot take the posts now (429, 503).
            TimeoutError: If they are not unpacked in time.
        """
        async with asyncio.timeout_at(deadline):
            checked = await asyncio.gather(*map(self.intake.usable, posts))
        usable = [post for post in checked if isinstance(post, Post)]
        answers = iter(await self.service.answer(usable, deadline=deadline) if usable else [])
        return [self._item(next(answers) if isinstance(c, Post) else c) for c in checked]

    async def lines(self, lines: Lines, *, log: dict[str, Any]) -> AsyncIterator[bytes]:
        """Yield the item of each post as a line of JSON, in order; no failure ends the answer.

        Where what comes behind them cannot be used, one more line with a problem says so.

        Args:
            lines: They have begun to arrive.
            log: Gets their number at the end.
        """
        clock, config = asyncio.get_running_loop(), self.service.config
        size = min(config.max_batch, config.max_queue)
        try:
            while part := await lines.take(size):
                deadline = clock.time() + config.timeout_seconds
                for item in await self._answer_or_problems(part, deadline=deadline):
                    yield item.model_dump_json().encode() + b"\n"
        except RefusedError as refusal:
            yield self._item(refusal).model_dump_json().encode() + b"\n"
        finally:
            log["posts"] = lines.count
            await lines.close()

    async def _answer_or_problems(
        self, posts: Sequence[object], *, deadline: float
    ) -> list[BatchItem]:
        clock = asyncio.get_running_loop()
        while True:
            try:
                return await self.answer(posts, deadline=deadline)
            except TimeoutError:
                refusal = self.service.too_slow()
            except RefusedError as error:
                if error.status == 429 and clock.time() + _PAUSE < deadline:
                    await asyncio.sleep(_PAUSE)
                    continue
                refusal = error
            return [self._item(refusal) for _ in posts]

    def _item(self, result: Entities | RefusedError) -> BatchItem:
        if isinstance(result, Entities):
            return BatchItem(result=result, problem=None)
        self.service.metrics.refusals.labels(result.reason).inc()
        return BatchItem(result=None, problem=result.problem())
