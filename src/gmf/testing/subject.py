"""The model that the checks look at, with tiny encoders, and the batch that it reads."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch

from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.data.batch import Batch
from gmf.data.config import DataConfig
from gmf.models.base import MnerModel, ModelParts
from gmf.models.registry import model_options, models
from gmf.models.tagger import Tagger
from gmf.testing.batches import labelled_batch, tiny_words
from gmf.testing.encoders import tiny_image_encoder, tiny_text_encoder
from gmf.testing.processors import tiny_image_processor, tiny_tokenizer


class ContractError(AssertionError):
    """A model does not do what every model must."""


class Subject:
    """A model under examination.

    Args:
        name: Its registered name.
        options: Options that replace those of ``MnerModel.small_options``.

    Raises:
        ConfigError: If no model has the name.
    """

    def __init__(self, name: str, options: Mapping[str, Any] | None = None) -> None:
        self.name, self.kind = name, models.get(name)
        self.options = {**self.kind.small_options, **(options or {})}

    def build(self, *, dropout: bool = True, **options: Any) -> MnerModel[Any]:
        """Return a new model in training mode, the same at each call.

        Args:
            dropout: Whether values are dropped; without, a step depends on the batch alone.
            options: Options beside the subject's.
        """
        if not dropout:
            fields = self.kind.Options.model_fields
            options |= {field: 0.0 for field in fields if field.endswith("dropout")}
        tags = ("B-PER", "O", "O", "O")
        parts = ModelParts(
            tags=TagSet(),
            text_encoder=tiny_text_encoder,
            image_encoder=tiny_image_encoder,
            training_samples=tuple(
                Sample(str(row), tiny_words(len(tags), row=row), tags) for row in range(6)
            ),
        )
        torch.manual_seed(0)
        checked = model_options(self.name, {**self.options, **options})
        model = self.kind.build(checked, parts)
        if not dropout:
            for module in model.modules():  # Those of the text encoder have no option.
                if isinstance(module, torch.nn.Dropout):
                    module.p = 0.0
        return model.train()

    @cached_property
    def model(self) -> MnerModel[Any]:
        """The model in evaluation mode; whoever trains builds another."""
        return self.build().eval()

    @cached_property
    def batch(self) -> Batch:
        """Eight samples with legal tags, some with images, as the model reads them."""
        return labelled_batch(of_words=self.kind.reads_words)

    def tagger(self, **options: Any) -> Tagger:
        """Return the model with a tokenizer and an image processor, if it reads such input.

        Args:
            options: Options beside the subject's.
        """
        return Tagger(
            self.build(**options).eval() if options else self.model,
            tokenizer=None if self.kind.reads_words else tiny_tokenizer(),
            image_processor=tiny_image_processor() if self.kind.uses_images else None,
            data=DataConfig(max_subwords=48),
            provenance={"encoders": {}},
        )

    def require(self, condition: bool, fault: str) -> None:
        """Refuse a model.

        Raises:
            ContractError: If the condition does not hold; tells the model and its fault.
        """
        if not condition:
            raise ContractError(f"{self.name}: {fault}")
