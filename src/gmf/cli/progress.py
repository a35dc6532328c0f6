"""How far a long job is: a bar on a terminal, else a line every half minute."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

from gmf.cli.output import progress_bar, say

#: Seconds between two lines where there is no terminal.
EVERY_SECONDS = 30.0

OnProgress = Callable[[int, int], None]


@contextmanager
def job_progress(doing: str, *, unit: str) -> Generator[OnProgress]:
    """Give a function to be called with what is done, and of how much.

    Args:
        doing: What is done, for example ``predicting``.
        unit: What is counted, for example ``rows``.
    """
    if not sys.stderr.isatty():
        yield ProgressLines(doing, unit)
        return
    with progress_bar() as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class ProgressLines:
    """A line every half minute.

    Args:
        doing: What is done, for example ``predicting``.
        unit: What is counted, for example ``rows``.
    """

    def __init__(self, doing: str, unit: str) -> None:
        self.doing, self.unit = doing, unit
        self.start = self.last = time.monotonic()
        self.before: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Say how far the job is, when half a minute has passed."""
        now = time.monotonic()
        if self.before is None:
            # What an earlier process did tells nothing of the speed.
            self.before, self.start = done, now
        if now - self.last < EVERY_SECONDS:
            return
        self.last = now
        rate = (done - self.before) / max(now - self.start, 1e-9)
        left = f", {timedelta(seconds=round((total - done) / rate))} left" if rate else ""
        share = f" ({100 * done / total:.0f}%)" if total else ""
        say(f"{self.doing}: {done} of {total} {self.unit}{share}, {rate:.1f} a second{left}")
