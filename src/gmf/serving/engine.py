"""Posts to answers: the only part of the service that knows the pipeline."""

from collections.abc import Sequence
from importlib.metadata import version
from itertools import compress
from typing import Any

from gmf.data.image_report import ImageReport
from gmf.data.tokenize import tokenize
from gmf.prediction.pipeline import Document, Mention, Pipeline
from gmf.serving.config import ServeConfig
from gmf.serving.explanation import explanation_of
from gmf.serving.intake import internal_images
from gmf.serving.schemas import Entities, Entity, Limits, Model, Post


class Engine:
    """Finds the entities of posts; not thread-safe, used by one worker thread.

    Args:
        pipeline: A trained model.
        batch_size: Posts of one pass.
    """

    def __init__(self, pipeline: Pipeline, *, batch_size: int = 32) -> None:
        self.pipeline, self.batch_size = pipeline, batch_size
        model = pipeline.tagger.model
        self.reads_images = model.uses_images
        self.max_regions = model.max_regions if model.uses_images else 0

    def describe(self, config: ServeConfig) -> Model:
        """Return what is served."""
        model = self.pipeline.tagger.model
        return Model(
            name=getattr(model.config, "name", type(model).__name__),
            types=list(model.tags.types),
            reads_images=self.reads_images,
            regions_read=self.max_regions,
            limits=Limits(
                body_bytes=config.max_body,
                text_characters=config.max_text,
                images=config.max_images,
                regions=config.max_regions,
                pixels=config.max_pixels,
                posts=config.max_posts,
            ),
            version=version("gmf"),
        )

    def size(self, post: Post) -> int:
        """Return the cost of a post: the pictures that are read for it, at least 1."""
        if not self.reads_images:
            return 1
        views = sum(1 + min(len(image.regions), self.max_regions) for image in post.images)
        return max(1, views)

    def answer(self, posts: Sequence[Post]) -> list[Entities]:
        """Return what is found in each post, in order."""
        curious = [post for post in posts if post.explain]
        bare = [post.model_copy(update={"images": []}) for post in curious]
        first = iter(self._run([*(post for post in posts if not post.explain), *bare]))
        plain = [next(first) for post in posts if not post.explain]
        alone, explained, quick = first, iter(self._run(curious, explain=True)), iter(plain)
        return [
            self._answer(post, next(explained), alone=next(alone))
            if post.explain
            else self._answer(post, next(quick))
            for post in posts
        ]

    def _run(self, posts: Sequence[Post], *, explain: bool = False) -> list[Document]:
        """Run the posts through the pipeline; one without a word holds nothing and is not run."""
        is_wordy = [bool(tokenize(post.text)[0]) for post in posts]
        pairs: list[tuple[str, Any]] = [
            (post.text, internal_images(post)) for post in compress(posts, is_wordy)
        ]
        found = self.pipeline.stream(pairs, batch_size=self.batch_size, explain=explain)
        documents = [
            next(found) if wordy else Document(post.text, ())
            for post, wordy in zip(posts, is_wordy, strict=True)
        ]
        # Images were checked on arrival; a report over the server's life would only grow.
        self.pipeline.collator.report = ImageReport()
        return documents

    def _answer(self, post: Post, document: Document, *, alone: Document | None = None) -> Entities:
        explanation = alone and explanation_of(
            document,
            post,
            max_regions=self.max_regions,
            without_images=[entity_of(mention) for mention in alone.entities],
        )
        return Entities(
            text=post.text,
            entities=[entity_of(mention) for mention in document.entities],
            notes=[*document.notes, *self._notes(post)],
            explanation=explanation,
        )

    def _notes(self, post: Post) -> list[str]:
        if not self.reads_images:
            return ["this model reads text only; images were not used"] if post.images else []
        extra = sum(max(0, len(image.regions) - self.max_regions) for image in post.images)
        if not extra:
            return []
        return [f"{extra} regions beyond the first {self.max_regions} of an image were not used"]


def entity_of(mention: Mention) -> Entity:
    """Return an entity as it is answered."""
    return Entity(
        text=mention.text,
        type=mention.type,
        char_start=mention.char_start,
        char_end=mention.char_end,
        confidence=mention.confidence,
    )
