"""A trained model in use: text and images to entities with character offsets and confidences."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self, overload

from gmf.core.errors import ConfigError
from gmf.core.extras import require_extra
from gmf.core.types import Sample
from gmf.data.image_report import ImageReport
from gmf.prediction.documents import Document, document_of
from gmf.prediction.engine import Engine
from gmf.prediction.onnx.folder import is_exported
from gmf.prediction.publishing.hub import model_folder
from gmf.prediction.user_input import Post, PostImages, sample_of


class Pipeline:
    """Finds entities in posts; made by ``gmf.load``. May be used by many threads at once.

    Args:
        engine: What runs the model.
        source: Checkpoint folder that it was loaded from.
    """

    def __init__(self, engine: Engine, *, source: Path | None = None) -> None:
        self.engine, self.source = engine, source

    @property
    def types(self) -> tuple[str, ...]:
        """Entity types that the model predicts."""
        return self.engine.types

    @property
    def report(self) -> ImageReport:
        """What became of the images so far."""
        return self.engine.report

    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload] -- str is an Iterable[str]
        self, text: str, *, image: PostImages = None, explain: bool = False
    ) -> Document: ...

    @overload
    def __call__(
        self,
        text: list[str] | tuple[str, ...],
        *,
        image: Sequence[PostImages] | None = None,
        explain: bool = False,
    ) -> list[Document]: ...

    @overload
    def __call__(
        self,
        text: Iterable[str],
        *,
        image: Iterable[PostImages] | None = None,
        explain: bool = False,
    ) -> Iterator[Document]: ...

    def __call__(self, text: Any, *, image: Any = None, explain: bool = False) -> Any:
        """Find the entities of one post, or of several.

        Args:
            text: One text; or a list, which gives a list; or any other iterable, which gives an
                iterator and is read as it goes.
            image: The images of the post: none, one or a list of paths, bytes, PIL images or
                ``ImageInput``; for several texts, one such value a text.
            explain: Whether to say what the model used; costs about three times the time.

        Raises:
            ValueError: If texts and images differ in number.
            DataError: If a text is no Unicode text.
            ImageError: If an image is none of the above, or a URL. A file that is absent or broken
                is no error but a note of the document.
        """
        if isinstance(text, str):
            return next(self.stream([(text, image)], explain=explain))
        posts = text if image is None else zip(text, image, strict=True)
        documents = self.stream(posts, explain=explain)
        return list(documents) if isinstance(text, list | tuple) else documents

    def stream(
        self, posts: Iterable[Post], *, batch_size: int = 32, explain: bool = False
    ) -> Iterator[Document]:
        """Yield the document of each post, in order and in constant memory.

        Args:
            posts: Texts, or pairs of a text and its images.
            batch_size: Posts of one pass; posts of like length share one.
            explain: Whether to say what the model used.
        """
        samples = (sample_of(post) if isinstance(post, str) else sample_of(*post) for post in posts)
        return self.predict(samples, batch_size=batch_size, explain=explain)

    def predict(
        self,
        samples: Iterable[Sample],
        *,
        batch_size: int = 32,
        explain: bool = False,
        report: ImageReport | None = None,
    ) -> Iterator[Document]:
        """Yield the document of each sample, in order and in constant memory.

        Args:
            samples: Any number of samples.
            batch_size: Posts of one pass.
            explain: Whether to say what the model used.
            report: Counts the images instead of ``Pipeline.report``.
        """
        predictions = self.engine.predict(
            samples, batch_size=batch_size, explain=explain, report=report
        )
        return map(document_of, predictions)

    def save_pretrained(self, folder: str | Path, **options: Any) -> Path:
        """Write all that ``gmf.load`` needs into a folder, with a model card.

        Args:
            folder: Where to write; made when absent.
            **options: ``scores`` and ``license``, see
                ``gmf.prediction.publishing.publish.save_pretrained``.

        Raises:
            ConfigError: If the folder holds something else, or the model was not loaded from one.
        """
        from gmf.prediction.publishing.publish import save_pretrained

        return save_pretrained(self._folder(), Path(folder), **options)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Upload the model with its card to the Hugging Face Hub.

        Args:
            repo_id: ``owner/name``; made when absent.
            **options: ``scores``, ``license``, ``private``, ``token``; see
                ``gmf.prediction.publishing.publish.push_to_hub``.

        Returns:
            Address of the commit.

        Raises:
            CheckpointError: If the hub refuses.
            ConfigError: If the id has another form.
        """
        from gmf.prediction.publishing.publish import push_to_hub

        return push_to_hub(self._folder(), repo_id, **options)

    def _folder(self) -> Path:
        if self.source is None:
            raise ConfigError("the model was not loaded from a folder, so there is none to copy")
        return self.source

    @classmethod
    def from_pretrained(cls, name: str | Path, **options: Any) -> Self:
        """Load a trained model; the same as ``gmf.load``."""
        loaded = load(name, **options)
        return cls(loaded.engine, source=loaded.source)


def load(name: str | Path, *, device: str = "auto", revision: str | None = None) -> Pipeline:
    """Load a trained model.

    Args:
        name: A run folder (its best checkpoint is taken), a checkpoint folder, a folder written by
            ``gmf export``, or an id on the Hugging Face Hub such as ``someone/gmf-twitter2017``.
        device: Where to compute: ``auto`` takes a GPU when there is one; or ``cpu``, ``cuda``, ...
        revision: Branch, tag or commit of a hub id.

    Raises:
        CheckpointError: If there is no such folder or hub id, or it holds no complete checkpoint.
    """
    # Here, not above: what runs a model decides what is imported; an exported one needs no torch.
    folder = model_folder(name, revision=revision)
    if is_exported(folder):
        require_extra("onnxruntime", extra="onnx", purpose="an exported model")
        from gmf.prediction.onnx.engine import OnnxEngine

        return Pipeline(OnnxEngine(folder, device=device), source=folder)
    from gmf.models.checkpoint import load_tagger
    from gmf.prediction.torch_engine import TorchEngine

    return Pipeline(TorchEngine(load_tagger(folder), device=device), source=folder)
