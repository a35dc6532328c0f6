"""An exported model as the engine of a pipeline."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image
from tokenizers import Tokenizer

from gmf.core.device import Precision
from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.tags import TagSet
from gmf.core.types import Prediction, Sample
from gmf.data.alignment import WordEncoder
from gmf.data.collate import Collator
from gmf.data.images import MAX_PIXELS
from gmf.data.view_pixels import prepare_views
from gmf.data.views import FetchedViews, View
from gmf.inference.exported_folder import TOKENIZER, ExportInfo, read_info
from gmf.inference.image_preparation import ImagePreparation
from gmf.inference.long_posts import LongPosts
from gmf.inference.loop import Counting, predict
from gmf.prediction.engine import Engine
from gmf.prediction.onnx.model import ArrayModel


class OnnxEngine(Engine):
    """Runs an exported model on ONNX Runtime.

    Explanations tell the result without images and without context, but not gates and attention:
    those stay inside the graph.

    Args:
        folder: Folder of the exported model.
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: ``bf16`` is refused: the model computes as it was exported.
        num_threads: Threads of one pass; 0: see ``gmf.core.device.cpu_threads``.
        image_trust: How far images may move the tags, see ``gmf.load``.

    Raises:
        CheckpointError: If the folder is incomplete, damaged or of another version.
        ConfigError: If the runtime does not have the device, the precision is bf16, or images
            cannot be trusted in part.
    """

    def __init__(
        self,
        folder: Path,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        num_threads: int = 0,
        image_trust: float = 1,
    ) -> None:
        info = read_info(folder)
        if precision == "bf16":
            raise ConfigError(
                f"precision {precision!r}: an exported model computes as it was exported, this one "
                f"in {'int8 and ' if info.int8 else ''}fp32; leave precision out, or load the run"
            )
        super().__init__(
            info.model,
            types=info.types,
            reads_images=info.images is not None,
            max_regions=info.images.max_regions if info.images else 0,
            provenance=info.provenance,
            context=info.context,
            image_trust=image_trust,
        )
        self.model = ArrayModel(folder, info=info, device=device, num_threads=num_threads)
        self.collator = collator_of(folder, info=info)

    def run(
        self,
        samples: Iterable[Sample],
        *,
        counting: Counting,
        batch_size: int,
        explain: bool = False,
        long: LongPosts = "split",
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order; see ``Engine``."""
        return predict(
            self.model,
            samples,
            collator=self.collator,
            prepare=lambda batch: batch,
            counting=counting,
            batch_size=batch_size,
            explain=explain,
            long=long,
            at_once=self.model.at_once,
            image_trust=self.image_trust,
        )


class PreparedViews:
    """Views prepared from their files by plain numbers; see ``ViewSource``.

    Args:
        preparation: Images to pixels.
    """

    def __init__(self, preparation: ImagePreparation) -> None:
        self.preparation = preparation

    def fetch(self, views: Sequence[View]) -> FetchedViews:
        """Return the pixels of each view, or its fault."""
        return prepare_views(views, prepare=self._prepare, max_pixels=MAX_PIXELS)

    def _prepare(self, images: list[Image.Image]) -> Float[np.ndarray, "images 3 height width"]:
        return np.stack([self.preparation.prepare(image) for image in images])


def collator_of(folder: Path, *, info: ExportInfo) -> Collator:
    """Return the collator of an exported model.

    Args:
        folder: Folder of the exported model.
        info: What it says of itself.

    Raises:
        CheckpointError: If the tokenizer cannot be read.
    """
    try:
        tokenizer = Tokenizer.from_buffer((folder / TOKENIZER).read_bytes())
    except Exception as error:  # The library raises no narrower type.
        raise CheckpointError(f"{folder / TOKENIZER}: cannot be read ({error})") from error
    return Collator(
        tags=TagSet(info.types),
        encoder=WordEncoder(tokenizer, inputs=info.text_inputs, unknown_token=info.unknown_token),
        view_source=None if info.images is None else PreparedViews(info.images.preparation),
        max_regions=0 if info.images is None else info.images.max_regions,
        missing_image=info.missing_image,
        context=info.context,
    )
