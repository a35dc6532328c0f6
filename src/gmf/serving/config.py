"""Options of the service: what it accepts, how long it works, how it batches."""

from typing import Self

from pydantic import Field, model_validator

from gmf.core.config import Config

MEBIBYTE = 1 << 20


class ServeConfig(Config):
    """Limits of the service; a request beyond one is refused, never cut.

    Of ``max_queue`` and ``max_posts``, and of ``max_held_mb`` and ``max_body_mb``, the first may
    not be below the second: where one is given, the default of the other follows.

    Args:
        max_body_mb: Size of a request in MiB; beyond it 413.
        max_text: Characters of a post; beyond it 422.
        max_images: Images of a post; beyond it 422.
        max_regions: Regions of an image; beyond it 422.
        max_pixels: Width times height of an image; beyond it 422.
        max_posts: Posts of a batch request; beyond it 422.
        max_lines: Posts of a batch in NDJSON, whose answers are streamed; beyond it 422.
        max_queue: Posts that wait at the same time; beyond it 429.
        max_held_mb: MiB of requests in work at the same time; beyond it 429.
        max_connections: Open connections; one beyond it gets 503.
        max_batch: Posts, or views of images where there are more, that are worked on together; the
            next requests wait for all of them.
        pass_size: Posts of a batch that the model reads in one pass, like lengths together. On a
            CPU 8 is faster than 32 when posts have images; a GPU takes more.
        timeout_seconds: Time of one request, from its first byte to its answer; beyond it 408 when
            it had not arrived, 503 when it had. Of a batch in NDJSON, time for the next line to
            arrive whole, and time of each ``max_batch`` posts. Also the time in which a client
            takes what it was sent, and sends the rest of a body that is answered already; then the
            connection is closed.
        keep_alive_seconds: Time for which an idle connection stays open. Above the 60 seconds of
            usual proxies, which otherwise send a request into a connection that is just closed.
    """

    max_body_mb: int = Field(default=16, ge=1)
    max_text: int = Field(default=5_000, ge=1)
    max_images: int = Field(default=4, ge=0)
    max_regions: int = Field(default=8, ge=0)
    max_pixels: int = Field(default=25_000_000, ge=1)
    max_posts: int = Field(default=64, ge=1)
    max_lines: int = Field(default=10_000, ge=1)
    max_queue: int = Field(default=256, ge=1)
    max_held_mb: int = Field(default=512, ge=1)
    max_connections: int = Field(default=1024, ge=1)
    max_batch: int = Field(default=32, ge=1)
    pass_size: int = Field(default=8, ge=1)
    timeout_seconds: float = Field(default=30.0, gt=0)
    keep_alive_seconds: int = Field(default=75, ge=1)

    @model_validator(mode="after")
    def _lets_each_request_in(self) -> Self:
        """Let a default follow the limit it would not fit; refuse two that were given and do not.

        The largest request that the one allows would never be answered under the other.
        """
        for pair in (("max_queue", "max_posts"), ("max_held_mb", "max_body_mb")):
            most, least = (getattr(self, name) for name in pair)
            given = [name for name in pair if name in self.model_fields_set]
            if most >= least:
                continue
            if len(given) > 1:
                raise ValueError(
                    f"{pair[0]} {most} is below {pair[1]} {least}: such a request could never be "
                    f"answered; raise {pair[0]}, or lower {pair[1]}"
                )
            for name in pair:
                object.__setattr__(self, name, getattr(self, given[0]))
        return self

    @property
    def max_body(self) -> int:
        """Size of a request in bytes."""
        return self.max_body_mb * MEBIBYTE

    @property
    def max_held(self) -> int:
        """Bytes of all requests in work."""
        return self.max_held_mb * MEBIBYTE
