"""What a pipeline needs of a model, whatever runs it, and the engine of a folder."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from gmf.core.device import Precision
from gmf.core.extras import require_extra
from gmf.core.types import Prediction, Sample
from gmf.data.image_report import ImageReport
from gmf.inference.exported_folder import is_exported
from gmf.inference.image_trust import check_image_trust
from gmf.inference.long_posts import LongPosts
from gmf.inference.loop import Counting

if TYPE_CHECKING:
    from gmf.models.tagger import Tagger


class Engine(ABC):
    """A loaded model; may be used by many threads at once.

    Args:
        name: Registered name of the model.
        types: Entity types that it predicts.
        reads_images: Whether it uses images at all.
        max_regions: First regions of each image that it uses.
        context: Fields of the context that it reads.
        provenance: What was recorded when it was trained.
        image_trust: How far images may move the tags, see ``gmf.load``.

    Attributes:
        report: What became of the images so far. An image counts once a window of samples.
    """

    def __init__(
        self,
        name: str,
        *,
        types: tuple[str, ...],
        reads_images: bool,
        max_regions: int,
        provenance: dict[str, Any],
        context: tuple[str, ...] = (),
        image_trust: float = 1,
    ) -> None:
        self.name, self.types, self.report = name, types, ImageReport()
        self.provenance = provenance
        self.reads_images, self.max_regions, self.context = reads_images, max_regions, context
        self.image_trust = check_image_trust(image_trust, model=name, reads_images=reads_images)
        self._lock = Lock()

    def predict(
        self,
        samples: Iterable[Sample],
        *,
        batch_size: int = 32,
        explain: bool = False,
        long: LongPosts = "split",
        report: ImageReport | None = None,
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order and in constant memory.

        Args:
            samples: Any number of samples.
            batch_size: Samples of one pass.
            explain: Whether to fill ``Prediction.explanation``.
            long: What becomes of samples that are longer than the model reads.
            report: Counts the images instead of the engine's own.
        """
        counting = partial(self._counting, self.report if report is None else report)
        return self.run(
            samples, counting=counting, batch_size=batch_size, explain=explain, long=long
        )

    @abstractmethod
    def run(
        self,
        samples: Iterable[Sample],
        *,
        counting: Counting,
        batch_size: int,
        explain: bool = False,
        long: LongPosts = "split",
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order; see ``gmf.inference.loop.predict``."""

    @property
    def tagger(self) -> "Tagger | None":
        """The model with all that it needs; ``None`` when it is an exported one."""
        return None

    @contextmanager
    def _counting(self, total: ImageReport) -> Generator[ImageReport]:
        # Each window has a report of its own: threads do not meet, and what a report remembers to
        # count an image once does not grow with the number of samples.
        counted = ImageReport()
        try:
            yield counted
        finally:
            with self._lock:
                total.merge(counted)


def load_engine(
    folder: Path,
    *,
    device: str,
    precision: Precision,
    cached: bool = False,
    image_trust: float = 1,
) -> Engine:
    """Return what runs the model of a folder.

    Args:
        folder: Of a checkpoint or an exported model, see ``model_folder``.
        device: Where to compute.
        precision: In what to compute.
        cached: Whether a checkpoint keeps what it computes of images as its run did.
        image_trust: How far images may move the tags, see ``gmf.load``.

    Raises:
        CheckpointError: If the folder holds no complete model.
        ConfigError: If the device is not there, or the model cannot compute in the precision or
            with that trust.
    """
    # Here, not above: what runs a model decides what is imported; an exported one needs no torch.
    if is_exported(folder):
        require_extra("onnxruntime", extra="onnx", purpose="an exported model")
        from gmf.prediction.onnx.engine import OnnxEngine

        return OnnxEngine(folder, device=device, precision=precision, image_trust=image_trust)
    from gmf.models.checkpoint import load_tagger
    from gmf.prediction.torch_engine import TorchEngine

    return TorchEngine(
        load_tagger(folder),
        device=device,
        precision=precision,
        cached=cached,
        image_trust=image_trust,
    )
