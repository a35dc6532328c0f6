"""Prometheus metrics of one service; nothing in them comes from a post but its counts and types."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gmf.serving.schemas import Entities, Post

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Counts what the service does, in a registry of its own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "gmf_requests_total", "Requests answered.", ["route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "gmf_request_seconds",
            "Time of a request until its answer begins.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.refusals = Counter(
            "gmf_refusals_total", "Requests and posts refused.", ["reason"], registry=registry
        )
        self.posts = Counter("gmf_posts_total", "Posts tagged.", registry=registry)
        self.images = Counter("gmf_images_total", "Images of tagged posts.", registry=registry)
        self.entities = Counter(
            "gmf_entities_total", "Entities found.", ["type"], registry=registry
        )
        self.batch_posts = Histogram(
            "gmf_batch_posts", "Posts of a batch.", buckets=_SIZES, registry=registry
        )
        self.batch_seconds = Histogram(
            "gmf_batch_seconds", "Time of a batch.", buckets=_SECONDS, registry=registry
        )
        self.waiting = Gauge("gmf_waiting_posts", "Posts that wait.", registry=registry)

    def count_answer(self, post: Post, answer: Entities) -> None:
        """Count a tagged post."""
        self.posts.inc()
        self.images.inc(len(post.images))
        for entity in answer.entities:
            self.entities.labels(entity.type).inc()

    def render(self) -> bytes:
        """Return all metrics in the text format."""
        return generate_latest(self.registry)
