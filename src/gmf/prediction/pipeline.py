"""A trained model in use: text and images to entities with character offsets and confidences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, Unpack, overload

from gmf.core.device import check_precision
from gmf.core.errors import ConfigError
from gmf.core.registry import code_files, load_code
from gmf.core.types import Sample
from gmf.data.image_report import ImageReport
from gmf.inference.long_posts import LongPosts
from gmf.prediction.documents import Document, document_of
from gmf.prediction.engine import Engine, load_engine
from gmf.prediction.options import PredictOptions, check_predict_options, listed
from gmf.prediction.posts import is_one_post, is_table, only_samples, posts_of, samples_of
from gmf.prediction.publishing.hub import model_folder
from gmf.prediction.user_input import OWN_IMAGES, Post, PostImages


class Pipeline:
    """Finds entities in posts; made by ``gmf.load``. May be used by many threads at once.

    It can be pickled and copied when it was loaded from a folder: what travels is the folder's
    name, with those of the files of ``--code``, and the model is loaded again where it arrives.

    Args:
        engine: What runs the model.
        source: Checkpoint folder that it was loaded from.
        device: Where it was asked to compute.
        precision: In what it was asked to compute.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        source: Path | None = None,
        device: str = "auto",
        precision: str = "fp32",
    ) -> None:
        self.engine, self.source = engine, source
        self.device, self.precision = device, precision

    def __repr__(self) -> str:
        return f"<gmf.Pipeline of {self.engine.name}: {', '.join(self.types)}; {self.source}>"

    def __reduce__(self) -> tuple[Any, ...]:
        loading = {
            "device": self.device,
            "precision": self.precision,
            "image_trust": self.engine.image_trust,
        }
        return _load_again, (type(self), self._folder().absolute(), loading, code_files())

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
        self,
        text: str | Mapping[str, Any],
        *,
        image: PostImages = None,
        **options: Unpack[PredictOptions],
    ) -> Document: ...

    @overload
    def __call__(
        self,
        text: list[Any] | tuple[Any, ...],
        *,
        image: Sequence[PostImages] | None = None,
        **options: Unpack[PredictOptions],
    ) -> list[Document]: ...

    @overload
    def __call__(
        self,
        text: Iterable[Any],
        *,
        image: Iterable[PostImages] | None = None,
        **options: Unpack[PredictOptions],
    ) -> Iterator[Document]: ...

    def __call__(self, text: Any, *, image: Any = None, **options: Unpack[PredictOptions]) -> Any:
        """Find the entities of one post, or of several.

        Args:
            text: One text, or a mapping with ``text`` (or ``tokens``), perhaps ``image`` or
                ``images`` and ``id``; a list of them or a table with such columns, which give a
                list; any other iterable, which gives an iterator and is read as it goes.
            image: The images of the post: none, one or a list of paths, bytes, open files, PIL
                images, arrays or ``ImageInput``; for several texts, one such value a text.
            **options: See ``predict``.

        Raises:
            ConfigError: If an option is wrong.
            DataError: If a post is no text, with its position; texts and images differ in number.
            ImageError: If an image is none of the above. A file that is absent or broken, or a
                URL, is no error but a note of the document.
        """
        if is_one_post(text):
            return next(self.stream([text if image is None else _with(text, image)], **options))
        documents = self.stream(posts_of(text, image), **options)
        return list(documents) if isinstance(text, list | tuple) or is_table(text) else documents

    def stream(
        self, posts: Iterable[Post] | Iterable[Any], **options: Unpack[PredictOptions]
    ) -> Iterator[Document]:
        """Yield the document of each post, in order and in constant memory.

        Args:
            posts: Texts, pairs of a text and its images, or mappings; or a table of them.
            **options: See ``predict``.
        """
        return self.predict(samples_of(posts_of(posts)), **options)

    def predict(
        self,
        samples: Iterable[Sample],
        *,
        batch_size: int = 32,
        explain: bool = False,
        threshold: float = 0.0,
        types: Iterable[str] | None = None,
        long: LongPosts = "split",
        report: ImageReport | None = None,
    ) -> Iterator[Document]:
        """Yield the document of each sample, in order and in constant memory.

        Args:
            samples: Any number of samples.
            batch_size: Posts of one pass; posts of like length share one.
            explain: Whether to tell what the model used; posts with images cost about three times
                the time. Each field of the context costs a pass more, several fields one on top.
            threshold: Least confidence of the entities that are kept, in [0, 1].
            types: The only entity types that are kept; all when ``None``.
            long: What becomes of posts that are longer than the model reads: ``split`` reads them
                in overlapping windows, ``cut`` tags what is beyond as O, ``fail`` raises.
            report: Counts the images instead of ``Pipeline.report``.

        Raises:
            ConfigError: If an option is wrong, or a type is none of the model's.
            DataError: If a post is too long and ``long`` is ``fail``.
        """
        wanted_types = None if types is None else frozenset(listed(types))
        check_predict_options(
            batch_size=batch_size,
            threshold=threshold,
            types=wanted_types,
            long=long,
            known=self.types,
        )
        predictions = self.engine.predict(
            only_samples(samples), batch_size=batch_size, explain=explain, long=long, report=report
        )
        return (document_of(p, threshold=threshold, types=wanted_types) for p in predictions)

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
        return cls(
            loaded.engine,
            source=loaded.source,
            device=loaded.device,
            precision=loaded.precision,
        )


def load(
    name: str | Path | None = None,
    *,
    device: str = "auto",
    precision: str = "fp32",
    revision: str | None = None,
    image_trust: float = 1,
) -> Pipeline:
    """Load a trained model.

    Args:
        name: An installed model, a run folder (its best checkpoint is taken), a checkpoint folder,
            a folder written by ``gmf export``, or an id on the Hugging Face Hub such as
            ``someone/gmf-twitter2017``. An installed model comes before a folder of its name, which
            ``./NAME`` means. ``None`` is the starter model, when it is installed.
        device: Where to compute: ``auto`` takes a GPU when there is one; or ``cpu``, ``cuda``, ...
        precision: What to compute in: ``fp32``, ``bf16``, or ``auto``: bf16 where the hardware
            multiplies it. An exported model computes as it was exported.
        revision: Branch, tag or commit of a hub id.
        image_trust: How far images may move the tags, from 0 (not at all) to 1 (as the model was
            trained). Below 1, posts with images take about twice the time.

    Raises:
        CheckpointError: If there is no such model, it holds no complete checkpoint, or an installed
            one is damaged or was made for another version of gmf.
        ConfigError: If the device is not there, there is no such precision, or images cannot be
            trusted so: the model reads none, or decodes in its own way.
    """
    chosen = check_precision(precision)
    folder = model_folder(name, revision=revision)
    engine = load_engine(folder, device=device, precision=chosen, image_trust=image_trust)
    return Pipeline(engine, source=folder, device=device, precision=chosen)


def _with(post: str | Mapping[str, Any], images: Any) -> Post:
    if isinstance(post, Mapping):
        raise ConfigError(f"image: {OWN_IMAGES}")
    return post, images


def _load_again(
    kind: type[Pipeline], folder: Path, loading: dict[str, Any], code: Iterable[Path] = ()
) -> Pipeline:
    for path in code:
        if path.is_file():  # What is absent here is told where the model needs it.
            load_code(path)
    return kind.from_pretrained(folder, **loading)
