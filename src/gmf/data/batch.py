"""The batch: what a collator makes of samples and every model reads."""

from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gmf.core.types import Sample, SlotOrigin


@dataclass(frozen=True)
class Batch:
    """Samples as tensors; text-only models ignore the visual fields.

    A *view* is one picture that the image encoder reads: a whole image or one of its regions.
    Views are stored once each (two posts with one image share it) and posts point at them.

    Args:
        samples: The samples, in row order.
        text_inputs: What the tokenizer returns (``input_ids``, ``attention_mask``, and
            ``token_type_ids`` where the model has them), each ``(batch, subwords)``; empty for
            models that read words.
        first_subword: Position of each word's first subword; 0 where ``word_mask`` is off.
        word_mask: Words that have a subword within the length limit: a prefix of each row.
        subword_words: Word index of every subword; -1 on special tokens and padding.
        labels: Tag index of each word (0, ``O``, on padding); ``None`` when any sample has no tags.
        views: Prepared pixels ``(views, 3, height, width)``; ``None`` without images or with maps.
        stage_maps: Cached maps of the frozen image encoder, one tensor a stage
            ``(views, channels, height, width)``, instead of pixels.
        view_index: View of each slot; -1 in absent slots. Slots are: for each image of the post,
            the whole image, then its regions.
        view_is_region: True where the slot is a region.
        view_is_blank: True where a blank stand-in took the place of a missing image.
        slot_origins: What each post listed, in order, unusable pictures included: the n-th of a
            post that is usable or blank is its n-th slot that is not absent. Empty when nothing is
            known of it.
    """

    samples: tuple[Sample, ...]
    text_inputs: dict[str, Int[Tensor, "batch subwords"]]
    first_subword: Int[Tensor, "batch words"]
    word_mask: Bool[Tensor, "batch words"]
    subword_words: Int[Tensor, "batch subwords"]
    labels: Int[Tensor, "batch words"] | None
    views: Float[Tensor, "views 3 height width"] | None
    stage_maps: tuple[Float[Tensor, "views _ _ _"], ...] | None
    view_index: Int[Tensor, "batch slots"]
    view_is_region: Bool[Tensor, "batch slots"]
    view_is_blank: Bool[Tensor, "batch slots"]
    slot_origins: tuple[tuple[SlotOrigin, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def has_views(self) -> bool:
        """Whether any post of the batch has a picture."""
        return self.views is not None or self.stage_maps is not None

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""

        def move(value: object) -> object:
            if isinstance(value, Tensor):
                return value.to(device, non_blocking=True)
            if isinstance(value, dict):
                return {key: move(item) for key, item in value.items()}
            if isinstance(value, tuple) and value and isinstance(value[0], Tensor):
                return tuple(move(item) for item in value)
            return value

        return replace(self, **{f.name: move(getattr(self, f.name)) for f in fields(self)})

    def without_images(self) -> "Batch":
        """Return the batch as if no post had an image."""
        empty = self.view_index[:, :0]
        return replace(
            self,
            views=None,
            stage_maps=None,
            view_index=empty,
            view_is_region=empty.bool(),
            view_is_blank=empty.bool(),
            slot_origins=(),
        )
