"""Samples to a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from gmf.core.errors import ConfigError, DataError
from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.data.alignment import AlignedWords, WordEncoder, align_words
from gmf.data.batch import Batch
from gmf.data.image_report import ImageReport
from gmf.data.observed import possible_tags
from gmf.data.segments import EncodedWords
from gmf.data.views import (
    MissingImage,
    View,
    ViewSource,
    VisualFields,
    collate_views,
    views_of,
)


@dataclass(frozen=True, slots=True)
class EncodedSample:
    """A sample whose words were encoded.

    Args:
        sample: The sample.
        words: Its words as subwords; ``None`` for models that read words.
    """

    sample: Sample
    words: EncodedWords | None

    @property
    def length(self) -> int:
        """How long it is to the model: in subwords, or in words if that is what it reads."""
        return len(self.sample.tokens) if self.words is None else len(self.words)


class Collator:
    """Make batches: words aligned with subwords, tags as indices, images as views.

    Many threads may share one, if each brings a report of its own.

    Args:
        tags: The model's tags.
        encoder: Words to subwords; ``None`` for models that read words.
        view_source: Where views come from; ``None`` for models that read no images.
        max_regions: First regions of each image to use.
        missing_image: What takes the place of an unusable image: nothing, or a white image.
        context: Fields of the samples' context that are read beside the words, in this order.

    Raises:
        ConfigError: If a context is asked for and the model reads words.

    Attributes:
        report: What became of the images of all batches that were not counted elsewhere.
    """

    def __init__(
        self,
        *,
        tags: TagSet,
        encoder: WordEncoder | None,
        view_source: ViewSource | None = None,
        max_regions: int = 3,
        missing_image: MissingImage = "mask",
        context: Sequence[str] = (),
    ) -> None:
        if context and encoder is None:
            raise ConfigError(
                "data.context: the model reads words and has no second segment for a context; "
                "leave it out or choose a model with a text encoder"
            )
        self.tags, self.encoder = tags, encoder
        self.view_source, self.max_regions = view_source, max_regions
        self.missing_image: MissingImage = missing_image
        self.context = tuple(context)
        self.report = ImageReport()

    def __call__(self, samples: Sequence[Sample]) -> Batch[np.ndarray]:
        """Return the batch of samples, in their order; see ``collate``."""
        return self.collate(self.encode(samples))

    def encode(self, samples: Sequence[Sample]) -> list[EncodedSample]:
        """Return samples with their words encoded: their lengths, and what ``collate`` takes."""
        if self.encoder is None:
            return [EncodedSample(sample, None) for sample in samples]
        words = self.encoder.encode(
            [sample.tokens for sample in samples],
            contexts=[self._context_of(sample) for sample in samples] if self.context else (),
        )
        return list(map(EncodedSample, samples, words))

    def collate(
        self, encoded: Sequence[EncodedSample], *, report: ImageReport | None = None
    ) -> Batch[np.ndarray]:
        """Return the batch of encoded samples, in their order.

        Args:
            encoded: What ``encode`` returned.
            report: Counts the images instead of ``Collator.report``.

        Raises:
            DataError: If a tag's type is not one of the model's, or there is no sample.
        """
        if not encoded:
            raise DataError("expected at least one sample in a batch")
        samples = tuple(item.sample for item in encoded)
        words = self._align(encoded)
        visual = self._collate_views(samples, self.report if report is None else report)
        return Batch(
            samples=samples,
            text_inputs=words.text_inputs,
            first_subword=words.first_subword,
            word_mask=words.word_mask,
            subword_words=words.subword_words,
            labels=self._labels(samples),
            possible=possible_tags(samples, self.tags),
            views=None if isinstance(visual.content, tuple) else visual.content,
            stage_maps=visual.content if isinstance(visual.content, tuple) else None,
            view_index=visual.view_index,
            view_is_region=visual.view_is_region,
            view_is_blank=visual.view_is_blank,
            slot_origins=visual.slot_origins,
            view_keys=visual.view_keys,
            context_fields=words.context_fields,
            context_is_cut=tuple(item.words.context_is_cut for item in encoded if item.words),
        )

    def fields_of(self, sample: Sample) -> tuple[str, ...]:
        """Return the fields of a sample's context that are read, in the order of reading."""
        words = self._context_of(sample)
        return tuple(name for name, read in zip(self.context, words, strict=True) if read)

    def without_fields(self, samples: Sequence[Sample], hidden: Sequence[str]) -> Batch[np.ndarray]:
        """Return the batch of samples as if they lacked fields of the context, and images."""
        kept = [name for name in self.context if name not in hidden]
        return Collator(tags=self.tags, encoder=self.encoder, context=kept)(samples)

    def without_images(self, samples: Sequence[Sample]) -> Batch[np.ndarray]:
        """Return the batch of samples as if they had no image; stand-ins take their place."""
        bare = [replace(sample, images=()) for sample in samples]
        return self.collate(self.encode(bare), report=ImageReport())

    def views(self, samples: Sequence[Sample]) -> list[View]:
        """Return the distinct views that batches of these samples read."""
        return views_of(samples, max_regions=self.max_regions)

    def _context_of(self, sample: Sample) -> list[list[str]]:
        """Return the words of each field: its name, a colon, and what it says; none if absent.

        No more than the encoder could read, however long the text is: the rest costs nothing.
        """
        texts, most = dict(sample.context), self.encoder.max_subwords if self.encoder else 0
        words = [(name, texts.get(name, "").split(maxsplit=most)[:most]) for name in self.context]
        return [[name, ":", *content] if content else [] for name, content in words]

    def _align(self, encoded: Sequence[EncodedSample]) -> AlignedWords:
        num_words = [len(item.sample.tokens) for item in encoded]
        if self.encoder is None:
            return align_words(num_words)
        words = [item.words for item in encoded if item.words is not None]
        return self.encoder.align(words, num_words=num_words)

    def _labels(self, samples: Sequence[Sample]) -> Int[np.ndarray, "batch words"] | None:
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
        return labels

    def _collate_views(self, samples: Sequence[Sample], report: ImageReport) -> VisualFields:
        if self.view_source is None:
            return VisualFields.empty(len(samples))
        return collate_views(
            samples,
            source=self.view_source,
            max_regions=self.max_regions,
            missing_image=self.missing_image,
            report=report,
        )
