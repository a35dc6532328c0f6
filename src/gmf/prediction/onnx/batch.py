"""Samples to a batch of NumPy arrays: the collator of an exported model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from PIL import Image
from tokenizers import Encoding, Tokenizer

from gmf.core.errors import CheckpointError
from gmf.core.types import Sample, SlotOrigin
from gmf.data.image_report import ImageReport
from gmf.data.images import MAX_PIXELS, UnusableImageError
from gmf.data.pictures import View, fetch_pictures
from gmf.data.slots import FilledSlots, fill_slots
from gmf.data.word_places import count_subwords, place_words
from gmf.prediction.onnx.folder import TOKENIZER, ExportInfo, ImageSide


@dataclass(frozen=True)
class ArrayBatch:
    """Samples as arrays; the fields are those of ``gmf.data.batch.Batch``."""

    samples: tuple[Sample, ...]
    text_inputs: dict[str, Int[np.ndarray, "batch subwords"]]
    first_subword: Int[np.ndarray, "batch words"]
    word_mask: Bool[np.ndarray, "batch words"]
    subword_words: Int[np.ndarray, "batch subwords"]
    views: Float[np.ndarray, "views 3 height width"] | None
    view_index: Int[np.ndarray, "batch slots"]
    view_is_region: Bool[np.ndarray, "batch slots"]
    view_is_blank: Bool[np.ndarray, "batch slots"]
    slot_origins: tuple[tuple[SlotOrigin, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def has_views(self) -> bool:
        """Whether any post of the batch has a picture."""
        return self.views is not None

    def without_images(self) -> "ArrayBatch":
        """Return the batch as if no post had an image."""
        return replace(
            self,
            views=None,
            view_index=self.view_index[:, :0],
            view_is_region=self.view_is_region[:, :0],
            view_is_blank=self.view_is_blank[:, :0],
            slot_origins=(),
        )


class ArrayCollator:
    """Make batches of arrays; see ``gmf.data.collate.Collator``. Many threads may share one.

    Args:
        folder: Folder of the exported model.
        info: What it says of itself.

    Raises:
        CheckpointError: If the tokenizer cannot be read.
    """

    def __init__(self, folder: Path, *, info: ExportInfo) -> None:
        self.info = info
        try:
            # Truncation and padding are part of the file; nothing is set afterwards.
            self._tokenizer = Tokenizer.from_buffer((folder / TOKENIZER).read_bytes())
        except Exception as error:  # The library raises no narrower type.
            raise CheckpointError(f"{folder / TOKENIZER}: cannot be read ({error})") from error

    def __call__(self, samples: Sequence[Sample], *, report: ImageReport) -> ArrayBatch:
        """Return the batch of the samples, in their order.

        Args:
            samples: At least one sample.
            report: Counts what became of the images.
        """
        info = self.info
        places = place_words(
            [sample.tokens for sample in samples],
            encode=self._encode,
            inputs=info.text_inputs,
            unknown_token=info.unknown_token,
            max_subwords=info.max_subwords,
        )
        slots = self._fill_slots(samples, report)
        return ArrayBatch(
            samples=tuple(samples),
            text_inputs=places.inputs,
            first_subword=places.first_subword,
            word_mask=places.word_mask,
            subword_words=places.subword_words,
            views=np.stack(slots.contents) if slots.contents else None,
            view_index=slots.view_index,
            view_is_region=slots.view_is_region,
            view_is_blank=slots.view_is_blank,
            slot_origins=slots.slot_origins,
        )

    def lengths(self, samples: Sequence[Sample]) -> list[int]:
        """Return how many subwords each sample has."""
        return count_subwords([sample.tokens for sample in samples], encode=self._encode)

    def _encode(self, words: list[list[str]]) -> Sequence[Encoding]:
        return self._tokenizer.encode_batch(words, is_pretokenized=True)

    def _fill_slots(
        self, samples: Sequence[Sample], report: ImageReport
    ) -> FilledSlots[Float[np.ndarray, "3 height width"]]:
        side = self.info.images
        if side is None:
            empty = np.zeros((len(samples), 0), dtype=np.int64)
            return FilledSlots([], empty, empty.astype(bool), empty.astype(bool), ())
        return fill_slots(
            samples,
            fetch=lambda views: _fetch(views, side),
            max_regions=side.max_regions,
            missing_image=self.info.missing_image,
            report=report,
        )


def _fetch(views: Sequence[View], side: ImageSide) -> list[np.ndarray | UnusableImageError]:
    def prepare(pictures: list[Image.Image]) -> list[np.ndarray]:
        return [side.preparation.prepare(picture) for picture in pictures]

    return fetch_pictures(views, prepare=prepare, max_pixels=MAX_PIXELS)
