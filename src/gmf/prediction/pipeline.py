"""A trained model in use: text and images to entities with character offsets and confidences."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, overload

import torch
from PIL import Image

from gmf.core.types import ImageInput, Prediction, Sample
from gmf.data.collate import Collator
from gmf.data.tokenize import tokenize
from gmf.models.checkpoint import Tagger, load_tagger
from gmf.models.inference import predict
from gmf.training.run_folder import checkpoint_of

#: What is taken as one image: a file, encoded bytes, an opened picture, or one with regions.
ImageLike = str | Path | bytes | Image.Image | ImageInput
#: The images of one post.
PostImages = ImageLike | Sequence[ImageLike] | None


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity found in a text.

    Args:
        text: Its characters, ``document.text[char_start:char_end]``.
        type: Entity type, for example ``PER``.
        char_start: First character, from 0.
        char_end: One past the last character.
        confidence: Probability of exactly this span and type under the model, in [0, 1].
    """

    text: str
    type: str
    char_start: int
    char_end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Document:
    """What was found in one post.

    Args:
        text: The text as given.
        entities: Entities in order.
        notes: What of the post the model did not see, and why.
        explanation: On request: ``gates`` and ``slot_attention``, see ``Gmf.explain``.
    """

    text: str
    entities: tuple[Mention, ...]
    notes: tuple[str, ...] = ()
    explanation: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return text, entities and notes as plain values."""
        entities = [asdict(entity) for entity in self.entities]
        return {"text": self.text, "entities": entities, "notes": list(self.notes)}


class Pipeline:
    """Finds entities in posts; made by ``gmf.load``.

    Args:
        tagger: A trained model.
        device: Where to compute.
    """

    def __init__(self, tagger: Tagger, *, device: str | torch.device = "cpu") -> None:
        self.tagger = tagger
        self.tagger.model.to(device).eval()
        self.collator: Collator = tagger.collator()

    @overload
    def __call__(
        self,
        text: str,
        *,
        image: PostImages = None,
        explain: bool = False,
    ) -> Document: ...

    @overload
    def __call__(
        self,
        text: list[str],
        *,
        image: Sequence[PostImages] | None = None,
        explain: bool = False,
    ) -> list[Document]: ...

    def __call__(
        self, text: str | list[str], *, image: Any = None, explain: bool = False
    ) -> Document | list[Document]:
        """Find the entities of one post, or of several.

        Args:
            text: One text, or a list of texts.
            image: The images of the post: none, one or a list; for a list of texts, a list with
                one such value a text.
            explain: Whether to say what the model used.

        Raises:
            ValueError: If texts and images differ in number.
        """
        if isinstance(text, str):
            return next(self.stream([(text, image)], explain=explain))
        images = [None] * len(text) if image is None else image
        return list(self.stream(zip(text, images, strict=True), explain=explain))

    def stream(
        self, posts: Iterable[tuple[str, Any]], *, batch_size: int = 32, explain: bool = False
    ) -> Iterator[Document]:
        """Yield the document of each post, in order and in constant memory.

        Args:
            posts: Pairs of a text and its images (none, one or a list).
            batch_size: Posts of one pass.
            explain: Whether to say what the model used.
        """
        samples = (_sample(text, images) for text, images in posts)
        for prediction in predict(
            self.tagger.model,
            samples,
            collator=self.collator,
            batch_size=batch_size,
            explain=explain,
        ):
            yield document_of(prediction)


def load(path: str | Path, *, device: str | torch.device = "cpu") -> Pipeline:
    """Load a trained model.

    Args:
        path: A run folder (its best checkpoint is taken) or a checkpoint folder.
        device: Where to compute.

    Raises:
        CheckpointError: If the path holds no complete checkpoint.
    """
    return Pipeline(load_tagger(checkpoint_of(Path(path))), device=device)


def document_of(prediction: Prediction) -> Document:
    """Return a prediction as a document with character offsets.

    A sample without text gets its words joined by spaces.
    """
    sample = prediction.sample
    text, offsets = sample.text, sample.offsets
    if text is None or offsets is None:
        text = " ".join(sample.tokens)
        starts = [0]
        for token in sample.tokens:
            starts.append(starts[-1] + len(token) + 1)
        offsets = tuple((s, s + len(t)) for s, t in zip(starts, sample.tokens, strict=False))
    mentions: list[Mention] = []
    for entity in prediction.entities:
        start, end = offsets[entity.start][0], offsets[entity.end - 1][1]
        mentions.append(Mention(text[start:end], entity.type, start, end, entity.confidence))
    return Document(text, tuple(mentions), prediction.notes, prediction.explanation)


def _sample(text: str, images: Any) -> Sample:
    listed = () if images is None else images if isinstance(images, list | tuple) else (images,)
    tokens, offsets = tokenize(text)
    return Sample(
        id="", tokens=tokens, images=tuple(map(_image, listed)), text=text, offsets=offsets
    )


def _image(image: ImageLike) -> ImageInput:
    if isinstance(image, ImageInput):
        return image
    if isinstance(image, Image.Image):
        buffer = BytesIO()
        image.convert("RGB").save(buffer, format="PNG")
        return ImageInput(buffer.getvalue())
    return ImageInput(Path(image) if isinstance(image, str) else image)
