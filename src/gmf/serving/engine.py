"""Posts to answers: the only part of the service that knows the pipeline."""

from collections.abc import Sequence

from gmf.core.installed import installed_models
from gmf.core.types import ImageInput, Region, Sample
from gmf.core.version import __version__
from gmf.prediction.documents import Document
from gmf.prediction.pipeline import Pipeline
from gmf.prediction.user_input import sample_of
from gmf.serving.config import ServeConfig
from gmf.serving.explanation import entity_of, explanation_of
from gmf.serving.regions import RegionFinder
from gmf.serving.schemas import Entities, Limits, Model, Post


class Engine:
    """Finds the entities of posts; used by one worker thread.

    Args:
        pipeline: A trained model.
        batch_size: Posts of one pass.
        finder: Finds regions in images that come without; ``None`` leaves them without.
    """

    def __init__(
        self, pipeline: Pipeline, *, batch_size: int = 8, finder: RegionFinder | None = None
    ) -> None:
        self.pipeline, self.batch_size = pipeline, batch_size
        self.max_regions = pipeline.engine.max_regions
        self.finder = finder if self.max_regions else None

    def describe(self, config: ServeConfig) -> Model:
        """Return what is served."""
        engine, source = self.pipeline.engine, self.pipeline.source
        packed = (model.title for model in installed_models() if model.folder == source)
        return Model(
            name=engine.name,
            title=next(packed, engine.name),
            types=list(engine.types),
            reads_images=engine.reads_images,
            image_trust=engine.image_trust,
            regions_read=engine.max_regions,
            context=list(engine.context),
            finds_regions=self.finder is not None,
            limits=Limits(
                body_bytes=config.max_body,
                text_characters=config.max_text,
                images=config.max_images,
                regions=config.max_regions,
                pixels=config.max_pixels,
                posts=config.max_posts,
            ),
            version=__version__,
        )

    def size(self, post: Post) -> int:
        """Return the cost of a post: the views that may be read for it, at least 1."""
        if not self.pipeline.engine.reads_images:
            return 1
        most = self.max_regions
        views = (1 + (most if self.finder else min(len(i.regions), most)) for i in post.images)
        return max(1, sum(views))

    def answer(self, posts: Sequence[Post]) -> list[Entities]:
        """Return what is found in each post, in order."""
        answers: dict[int, Entities] = {}
        for explain in (False, True):
            rows = [row for row, post in enumerate(posts) if post.explain == explain]
            samples = [self._sample_of(posts[row]) for row in rows]
            documents = self.pipeline.predict(samples, batch_size=self.batch_size, explain=explain)
            for row, document in zip(rows, documents, strict=True):
                answers[row] = self._answer(posts[row], document)
        return [answers[row] for row in range(len(posts))]

    def _sample_of(self, post: Post) -> Sample:
        images = [
            ImageInput(image.data, tuple(Region(region.box) for region in image.regions))
            for image in post.images
        ]
        sample = sample_of(post.text, images, context=tuple(post.context.items()))
        return self.finder.complete(sample) if self.finder else sample

    def _answer(self, post: Post, document: Document) -> Entities:
        entities = [entity_of(mention) for mention in document.entities]
        return Entities(
            text=post.text,
            entities=entities,
            notes=[*document.notes, *self._notes(post)],
            explanation=explanation_of(document) if post.explain else None,
        )

    def _notes(self, post: Post) -> list[str]:
        extra = sum(max(0, len(image.regions) - self.max_regions) for image in post.images)
        if not extra or not self.pipeline.engine.reads_images:
            return []
        return [f"{extra} regions beyond the first {self.max_regions} of an image not used"]
