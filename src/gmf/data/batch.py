"""The batch: what a collator makes of samples and every model reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Generic

import numpy as np
from jaxtyping import Bool, Float, Int
from typing_extensions import TypeVar

from gmf.core.types import Sample, SlotOrigin

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: Arrays of a batch: NumPy's as collated, a tensor library's where a model computes. ``Batch``
#: alone means the batch of tensors that models read.
Array = TypeVar("Array", default="Tensor")


@dataclass(frozen=True)
class Batch(Generic[Array]):
    """Samples as arrays; text-only models ignore the visual fields.

    A *view* is what the image encoder reads: a whole image or one of its regions. Views are stored
    once each (two samples with one image share it) and *slots* of samples point at them.

    Args:
        samples: The samples, in row order.
        text_inputs: What the tokenizer returns (``input_ids``, ``attention_mask``, and
            ``token_type_ids`` where the model has them), each ``(batch, subwords)``; empty for
            models that read words.
        first_subword: Position of each word's first subword; 0 where ``word_mask`` is off.
        word_mask: Words that have a subword within the length limit: a prefix of each row.
        subword_words: Word index of every subword; -1 on special tokens and padding.
        context_fields: Field of each subword of the context, -1 on what is none; the special tokens
            that the context brings have the number of a sample's fields. ``None`` where no sample
            has any.
        context_is_cut: Whether there was no room for all of a sample's context; empty if nowhere.
        labels: Tag index of each word (0, ``O``, on padding); ``None`` when any sample has no tags.
        views: Prepared pixels ``(views, 3, height, width)``; ``None`` without images or with maps.
        stage_maps: Maps of the frozen image encoder, one tensor a stage
            ``(views, channels, height, width)``, instead of pixels. Tensors from the start, for
            NumPy has no bf16.
        view_index: View of each slot; -1 in absent slots. Slots are: for each image of the sample,
            the whole image, then its regions.
        view_is_region: True where the slot is a region.
        view_is_blank: True where a blank stand-in took the place of a missing image.
        slot_origins: What each sample listed, in order, unusable images included: the n-th of a
            sample that is usable or blank is its n-th slot that is not absent. Empty when nothing
            is known of it.
        view_keys: Digest of what each view shows: views of several processes that have one key are
            one image. ``None`` when all differ.
        view_weights: Of each view in statistics over all processes: one that n of them have counts
            1/n in each. ``None`` when each counts once.
        possible: Tags that each word may have, where the annotation leaves that of some word open,
            see ``Sample``; ``None`` when ``labels`` tells all.
        moved: The indices and masks that lie on another device, and each as it lay on the CPU, by
            name; ``to`` fills it, see ``host``.
    """

    samples: tuple[Sample, ...]
    text_inputs: dict[str, Int[Array, "batch subwords"]]
    first_subword: Int[Array, "batch words"]
    word_mask: Bool[Array, "batch words"]
    subword_words: Int[Array, "batch subwords"]
    labels: Int[Array, "batch words"] | None
    views: Float[Array, "views 3 height width"] | None
    stage_maps: "tuple[Tensor, ...] | None"
    view_index: Int[Array, "batch slots"]
    view_is_region: Bool[Array, "batch slots"]
    view_is_blank: Bool[Array, "batch slots"]
    slot_origins: tuple[tuple[SlotOrigin, ...], ...] = ()
    view_keys: Int[Array, " views"] | None = None
    view_weights: Float[Array, " views"] | None = None
    context_fields: Int[Array, "batch subwords"] | None = None
    context_is_cut: tuple[bool, ...] = ()
    possible: Bool[Array, "batch words tags"] | None = None
    moved: "Mapping[str, tuple[Any, Any]]" = field(default_factory=dict[str, Any], repr=False)

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def has_views(self) -> bool:
        """Whether any sample of the batch has an image."""
        return self.views is not None or self.stage_maps is not None

    def to(self, device: "torch.device | str") -> "Batch[Tensor]":
        """Return the batch as tensors on a device; on the CPU nothing is copied."""
        moved = self._with_tensors(lambda tensor: tensor.to(device, non_blocking=True))
        if moved.word_mask.device.type == "cpu":
            return moved
        is_collated = isinstance(self.word_mask, np.ndarray)
        host = (self._with_tensors(lambda tensor: tensor) if is_collated else self).host
        kept = {name: (getattr(moved, name), getattr(host, name)) for name in _SMALL}
        return replace(moved, moved=kept)

    def pinned(self) -> "Batch[Tensor]":
        """Return the batch in memory that a GPU reads by itself: ``to`` need not wait for it."""
        return self._with_tensors(lambda tensor: tensor.pin_memory())

    def _with_tensors(self, change: "Callable[[Tensor], Tensor]") -> "Batch[Tensor]":
        import torch  # Only whoever computes with it needs it.

        def changed(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                value = torch.from_numpy(value)
            if isinstance(value, torch.Tensor):
                return change(value)
            if isinstance(value, dict):
                return {key: changed(item) for key, item in value.items()}
            if isinstance(value, tuple) and value and isinstance(value[0], torch.Tensor):
                return tuple(changed(item) for item in value)
            return value

        own = [f.name for f in fields(self) if f.name != "moved"]
        batch: Any = replace(self, **{name: changed(getattr(self, name)) for name in own})
        return batch

    @property
    def host(self) -> "Batch[Tensor]":
        """The batch of tensors with its indices and masks on the CPU, and without pixels or maps.

        What decides the shape of another tensor (how many samples have an image, which states are
        read) is computed from it: the host need not wait for an accelerator to know it. A field
        that was replaced after the batch was moved is copied back, which waits.
        """
        batch: Any = self
        if batch.word_mask.device.type == "cpu":
            return batch
        host: dict[str, Any] = {}
        for name in _SMALL:
            value = getattr(self, name)
            on_device, on_host = self.moved.get(name, (None, None))
            host[name] = on_host if value is on_device else _on_cpu(value)
        return replace(batch, **host, views=None, stage_maps=None, moved={})

    def stand_in(self) -> "Batch[Array]":
        """Return the batch without images and without a word to tag: no loss counts it.

        What a process reads that has no sample of a step, but in which others wait for it.
        """
        mask: Any = self.word_mask
        return replace(self.without_images(), word_mask=mask & False)

    def without_context(self, hidden: Bool[Any, "batch fields"] | None = None) -> "Batch[Array]":
        """Return the batch as if no sample had a context, or not all fields of it.

        Args:
            hidden: True for each field that is hidden; all are when ``None``. The special tokens of
                a context stay as long as any of its fields does.
        """
        if self.context_fields is None:
            return self
        fields: Any = self.context_fields
        is_hidden = fields >= 0
        if hidden is not None:
            is_hidden, stays = fields < -1, fields < -1
            for number in range(hidden.shape[1]):
                is_hidden = is_hidden | (fields == number) & hidden[:, number, None]
                stays = stays | (fields == number) & ~hidden[:, number, None]
            is_hidden = is_hidden | (fields >= 0) & ~stays.any(1)[:, None]
        inputs: dict[str, Any] = dict(self.text_inputs)
        inputs["attention_mask"] = inputs["attention_mask"] * ~is_hidden
        return replace(self, text_inputs=inputs)

    def with_images_of(self, other: "Batch[Array]") -> "Batch[Array]":
        """Return the batch with the images of another one of the same samples."""
        images: dict[str, Any] = {name: getattr(other, name) for name in _IMAGES}
        return replace(self, **images)

    def without_images(self) -> "Batch[Array]":
        """Return the batch as if no sample had an image."""

        def none_of(array: Any) -> Any:
            return array[:, :0]

        return replace(
            self,
            views=None,
            stage_maps=None,
            view_index=none_of(self.view_index),
            view_is_region=none_of(self.view_is_region),
            view_is_blank=none_of(self.view_is_blank),
            slot_origins=(),
            view_keys=None,
            view_weights=None,
        )


#: Fields that hold the images.
_IMAGES = (
    "views",
    "stage_maps",
    "view_index",
    "view_is_region",
    "view_is_blank",
    "slot_origins",
    "view_keys",
    "view_weights",
)
#: Fields that are cheap to keep on the CPU.
_SMALL = (
    "text_inputs",
    "first_subword",
    "word_mask",
    "subword_words",
    "labels",
    "view_index",
    "view_is_region",
    "view_is_blank",
)


def _on_cpu(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item.cpu() for key, item in value.items()}
    return None if value is None else value.cpu()
