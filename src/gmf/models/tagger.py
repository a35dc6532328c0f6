"""A tagger: a model with all that it needs to read samples."""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast

from gmf.core.device import ComputedPrecision
from gmf.core.errors import ConfigError
from gmf.core.files import sha256_of
from gmf.core.tags import TagSet
from gmf.core.types import Explanation, Prediction, Sample, ScoredEntity
from gmf.data.alignment import WordEncoder
from gmf.data.batch import Batch
from gmf.data.collate import Collator
from gmf.data.config import DataConfig
from gmf.data.views import ViewSource
from gmf.encoders.image_processors import load_image_processor
from gmf.encoders.module_digest import digest_of_module
from gmf.encoders.resolve import hub_error, resolve_encoder
from gmf.encoders.tokenizers import load_tokenizer
from gmf.inference import loop
from gmf.inference.decoding import Decoded
from gmf.inference.long_posts import LongPosts
from gmf.models.base import MnerModel, ModelOptions, ModelParts
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.registry import built_model, models
from gmf.models.runtime import computing_in, resolve_precision, uses_tf32
from gmf.vision.cache.build import build_view_source
from gmf.vision.cache.identity import digest_of, preprocessing_digest
from gmf.vision.cache.maps import POOLED_SIZE, EncodedViews
from gmf.vision.views import DirectViews


@dataclass(frozen=True)
class Tagger:
    """A model with all that it needs to read samples.

    Args:
        model: The model.
        tokenizer: Its text encoder's; ``None`` for models that read words.
        image_processor: Its image encoder's; ``None`` for text-only models.
        data: Options of the data side.
        provenance: Encoder names and digests, and whatever training noted.
    """

    model: MnerModel[Any]
    tokenizer: PreTrainedTokenizerFast | None
    image_processor: Any
    data: DataConfig
    provenance: dict[str, Any]

    def collator(self, *, cached: bool = False) -> Collator:
        """Return what turns samples into the model's batches and counts their images.

        Args:
            cached: Whether views are kept on disk as the options of the data side say.
        """
        return Collator(
            tags=self.model.tags,
            encoder=self._encoder,
            view_source=self._views(cached) if self.image_processor else None,
            max_regions=self.model.max_regions,
            missing_image=self.data.missing_image,
            context=self.data.context,
        )

    @torch.no_grad()
    def predict(
        self,
        samples: Iterable[Sample],
        *,
        batch_size: int = 32,
        explain: bool = False,
        long: LongPosts = "split",
        collator: Collator | None = None,
        counting: loop.Counting | None = None,
        precision: ComputedPrecision | None = None,
        image_trust: float = 1,
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order and in constant memory.

        A sample's prediction does not depend on what shares its batch. The model is left in
        evaluation mode.

        Args:
            samples: Any number of samples.
            batch_size: Samples of one pass.
            explain: Whether to fill ``Prediction.explanation``; costs further passes, see
                ``gmf.inference.loop.predict``.
            long: What becomes of samples that are longer than the model reads.
            collator: One of this tagger's, which counts the images; a cached one when ``None``.
            counting: Gives another report for each window.
            precision: What the passes compute in; what surrounds the call says it when ``None``.
            image_trust: How far images may move the tags, see ``gmf.inference.image_trust``.
        """
        self.model.eval()
        device = next(self.model.parameters()).device
        collator = self.collator(cached=True) if collator is None else collator
        yield from loop.predict(
            self.model if precision is None else _Passes(self.model, precision, device),
            samples,
            collator=collator,
            prepare=lambda batch: batch.to(device),
            counting=counting or partial(nullcontext, collator.report),
            batch_size=batch_size,
            explain=explain,
            long=long,
            image_trust=image_trust,
        )

    @cached_property
    def _encoder(self) -> WordEncoder | None:
        if self.tokenizer is None:
            return None
        return WordEncoder.of(self.tokenizer, max_subwords=self.data.max_subwords)

    def _views(self, cached: bool) -> ViewSource:
        direct = DirectViews(self.image_processor)
        encoder = self.model.frozen_image_encoder
        if not cached:
            if self.data.cache.kind == "pooled_maps" and encoder is not None:
                # The model was trained on pooled maps, so it must read them here too.
                return EncodedViews(direct, encode=encoder.encode, pooled_size=POOLED_SIZE)
            return direct
        return build_view_source(
            direct,
            config=self.data.cache,
            encode=partial(encoder.encode, precision=self.precision) if encoder else None,
            encoder_digest=self._digest_of_maps(encoder) if encoder else None,
        )

    def _digest_of_maps(self, encoder: ImageEncoder) -> str:
        """Return what names the maps of an encoder: its weights, settings, and what computes."""
        family = type(encoder.family)
        settings = {
            "options": _options_of(encoder),
            "family": f"{family.__module__}.{family.__qualname__}",
            "code": sha256_of(Path(inspect.getfile(family))),
        }
        parts = [digest_of_module(encoder), digest_of(settings), self.precision]
        if self.precision == "fp32" and uses_tf32(next(encoder.parameters()).device):
            parts.append("tf32")
        return ":".join(parts)

    @property
    def precision(self) -> ComputedPrecision:
        """What cached maps are computed in: what training computed in, if this machine can."""
        trained: ComputedPrecision = self.provenance.get("precision", "fp32")
        device = next(self.model.parameters()).device
        return trained if trained == "fp32" else resolve_precision("auto", device)


@dataclass(frozen=True)
class _Passes:
    """A model whose passes compute in a precision; see ``gmf.inference.model``."""

    model: MnerModel[Any]
    precision: ComputedPrecision
    device: torch.device

    def __call__(self, batch: Batch) -> Any:
        with computing_in(self.precision, self.device):
            return self.model(batch)

    def explain(self, batch: Batch) -> list[Explanation]:
        with computing_in(self.precision, self.device):
            return self.model.explain(batch)

    def between(self, without: Any, real: Any, *, trust: float) -> Any:
        return self.model.between(without, real, trust=trust)

    def decode(self, output: Any, batch: Batch) -> list[Decoded]:
        return self.model.decode(output, batch)

    def confidences(
        self, output: Any, batch: Batch, entities: Sequence[Sequence[ScoredEntity]]
    ) -> list[tuple[ScoredEntity, ...]]:
        return self.model.confidences(output, batch, entities)


def build_tagger(
    options: ModelOptions,
    *,
    tags: TagSet,
    text_encoder: str,
    image_encoder: str,
    data: DataConfig,
    training_samples: Sequence[Sample] = (),
    precision: ComputedPrecision = "fp32",
) -> Tagger:
    """Assemble an untrained model from pretrained encoders.

    Args:
        options: Options of the model, from ``model_options``.
        tags: Tags to predict.
        text_encoder: Packaged name, folder or hub id.
        image_encoder: Packaged name, folder or hub id.
        data: Options of the data side.
        training_samples: Source of a vocabulary, for models that have one.
        precision: What training computes in.

    Raises:
        ConfigError: If there is no such model, an option is wrong, or samples may be
            longer than the text encoder reads.
        EncoderError: If an encoder cannot be found or fetched, or does not suit the model.
    """
    kind, origin = models.get(options.name), models.origin(options.name).source
    parts = ModelParts(
        tags=tags,
        text_encoder=lambda: TextEncoder.load(text_encoder),
        image_encoder=lambda **o: ImageEncoder.load(image_encoder, **o),
        training_samples=training_samples,
    )
    used = ({} if kind.reads_words else {"text": text_encoder}) | (
        {"image": image_encoder} if kind.uses_images else {}
    )
    tokenizer = load_tokenizer(text_encoder) if "text" in used else None
    model = built_model(options, parts)
    if "text" in used:
        _check_length(model, data)
    processor = _image_processor(image_encoder) if "image" in used else None
    reading = {
        "text": tokenizer and tokenizer.backend_tokenizer.to_str(),
        "image": processor and preprocessing_digest(processor),
    }
    encoders = {
        role: _described(getattr(model, f"{role}_encoder"), name=name, reading=reading[role])
        for role, name in used.items()
    }
    return Tagger(
        model,
        tokenizer=tokenizer,
        image_processor=processor,
        data=data,
        provenance={
            "precision": precision,
            "encoders": encoders,
            **({} if origin == "gmf" else {"model_origin": origin}),
        },
    )


def _described(
    encoder: TextEncoder | ImageEncoder, *, name: str, reading: object
) -> dict[str, str]:
    """Return the name of an encoder, and the digests of its weights and of how it reads."""
    settings = digest_of({"options": _options_of(encoder), "reading": reading})
    return {"name": name, "digest": digest_of_module(encoder), "settings": settings}


def _options_of(encoder: TextEncoder | ImageEncoder) -> dict[str, Any]:
    return {key: value for key, value in encoder.config.to_dict().items() if key[0] != "_"}


def _check_length(model: MnerModel[Any], data: DataConfig) -> None:
    limit = model.text_encoder.max_subwords
    if limit is not None and data.max_subwords > limit:
        raise ConfigError(
            f"data.max_subwords {data.max_subwords}: the text encoder has positions for {limit} "
            f"subwords; set data.max_subwords={limit} or less"
        )


def _image_processor(name: str) -> Any:
    try:
        return load_image_processor(resolve_encoder(name))
    except (OSError, ValueError) as error:
        raise hub_error(name, error) from error
