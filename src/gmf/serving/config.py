"""Options of the service: what it accepts, how long it works, how it batches."""

from typing import Self

from pydantic import Field, model_validator

from gmf.core.config import Config

MEBIBYTE = 1 << 20


class ServeConfig(Config):
    """Limits of the service; a request beyond one is refused, never cut.

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
            arrive, and time of each ``max_batch`` posts. Also the time in which a client takes what
            it was sent, and sends the rest of a body that is answered already; then the connection
            is closed.
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
        """Refuse limits below which the largest request that another allows is never answered."""
        for all_together, one in (("max_queue", "max_posts"), ("max_held_mb", "max_body_mb")):
            if getattr(self, all_together) < (least := getattr(self, one)):
                raise ValueError(
                    f"{all_together} {getattr(self, all_together)} is below {one} {least}: such a "
                    f"request could never be answered; raise {all_together}, or lower {one}"
                )
        return self

    @property
    def max_body(self) -> int:
        """Size of a request in bytes."""
        return self.max_body_mb * MEBIBYTE

    @property
    def max_held(self) -> int:
        """Bytes of all requests in work."""
        return self.max_held_mb * MEBIBYTE
