"""Samples to a batch."""

from collections.abc import Sequence
from copy import copy
from functools import partial

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from gmf.core.errors import DataError
from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.data.alignment import Alignment, align, encode_words
from gmf.data.batch import Batch
from gmf.data.image_report import ImageReport
from gmf.data.slots import views_of
from gmf.data.word_places import count_subwords
from gmf.vision.views import MissingImage, View, ViewSource, VisualFields, build_views


class Collator:
    """Make batches: words aligned with subwords, tags as indices, images as views.

    Args:
        tags: The model's tags.
        tokenizer: A fast tokenizer; ``None`` for models that read words.
        max_subwords: Limit on subwords of a post, special tokens included.
        view_source: Where pictures come from; ``None`` for models that read no images.
        max_regions: First regions of each image to use.
        missing_image: What takes the place of an unusable image: nothing, or a white picture.

    Attributes:
        report: What became of the images of all batches so far.
    """

    def __init__(
        self,
        *,
        tags: TagSet,
        tokenizer: PreTrainedTokenizerFast | None,
        max_subwords: int = 128,
        view_source: ViewSource | None = None,
        max_regions: int = 3,
        missing_image: MissingImage = "mask",
    ) -> None:
        self.tags, self.tokenizer, self.max_subwords = tags, tokenizer, max_subwords
        self.view_source, self.max_regions = view_source, max_regions
        self.missing_image: MissingImage = missing_image
        self.report = ImageReport()

    def __call__(self, samples: Sequence[Sample]) -> Batch:
        """Return the batch of the samples, in their order.

        Raises:
            DataError: If a tag's type is not one of the model's, or there is no sample.
        """
        if not samples:
            raise DataError("expected at least one sample in a batch")
        words = self._align(samples)
        pictures = self._build_views(samples)
        return Batch(
            samples=tuple(samples),
            text_inputs=words.inputs,
            first_subword=words.first_subword,
            word_mask=words.word_mask,
            subword_words=words.subword_words,
            labels=self._labels(samples),
            views=pictures.views,
            stage_maps=pictures.stage_maps,
            view_index=pictures.view_index,
            view_is_region=pictures.view_is_region,
            view_is_blank=pictures.view_is_blank,
            slot_origins=pictures.slot_origins,
        )

    def views(self, samples: Sequence[Sample]) -> list[View]:
        """Return the distinct views that batches of these samples read."""
        return views_of(samples, max_regions=self.max_regions)

    def lengths(self, samples: Sequence[Sample]) -> list[int]:
        """Return how long each sample is to the model: in subwords, or words if it reads words."""
        posts = [sample.tokens for sample in samples]
        if self.tokenizer is None:
            return [len(post) for post in posts]
        encode = partial(encode_words, tokenizer=self.tokenizer, max_subwords=self.max_subwords)
        return count_subwords(posts, encode=encode)

    def reporting_to(self, report: ImageReport) -> "Collator":
        """Return the same collator, with another report to count in."""
        other = copy(self)
        other.report = report
        return other

    def _align(self, samples: Sequence[Sample]) -> Alignment:
        posts = [sample.tokens for sample in samples]
        if self.tokenizer is not None:
            return align(posts, tokenizer=self.tokenizer, max_subwords=self.max_subwords)
        lengths = torch.tensor([len(post) for post in posts])
        position = torch.arange(int(lengths.max())).expand(len(posts), -1)
        mask = position < lengths[:, None]
        return Alignment({}, position.where(mask, 0), mask, position.where(mask, -1))

    def _labels(self, samples: Sequence[Sample]) -> Tensor | None:
        labels = np.zeros(
            (len(samples), max(len(sample.tokens) for sample in samples)), dtype=np.int64
        )
        for row, sample in enumerate(samples):
            if sample.tags is None:
                return None
            for word, tag in enumerate(sample.tags):
                if tag not in self.tags.index:
                    raise DataError(
                        f"{sample.origin or 'sample'}: word {word} of {sample.id!r} has tag "
                        f"{tag!r}; the model knows {', '.join(self.tags.types)}; rename the type "
                        "or train a model with it",
                        field="tag",
                    )
            labels[row, : len(sample.tags)] = [self.tags.index[tag] for tag in sample.tags]
        return torch.from_numpy(labels)

    def _build_views(self, samples: Sequence[Sample]) -> VisualFields:
        if self.view_source is None:
            empty = torch.zeros((len(samples), 0), dtype=torch.long)
            return VisualFields(None, None, empty, empty.bool(), empty.bool())
        return build_views(
            samples,
            source=self.view_source,
            max_regions=self.max_regions,
            missing_image=self.missing_image,
            report=self.report,
        )


def count_cut_words(batch: Batch) -> int:
    """Return how many words of a batch lie beyond the length limit and get no emission."""
    return sum(len(sample.tokens) for sample in batch.samples) - int(batch.word_mask.sum())
