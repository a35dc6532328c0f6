"""T-NER: a linear-chain CRF over features of tokens in tweets."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.config import Config
from gmf.core.errors import ConfigError
from gmf.core.plain import from_plain
from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, ModelParts
from gmf.models.baselines.settings import ENCODERS
from gmf.models.dictionaries import read_clusters, read_gazetteers
from gmf.models.modules.tagging_head import TaggingHead, WordsOnlyConfig
from gmf.models.modules.token_features import TokenFeatures


class TnerConfig(WordsOnlyConfig):
    """Options of T-NER.

    Args:
        dropout: Share of the features that a training step leaves out, in [0, 1).
        gazetteers: Folder of gazetteers ``NAME.txt``, one phrase a line; none when ``None``.
        clusters: File of Brown clusters (bits, TAB, word); none when ``None``.
    """

    dropout: float = Field(default=0.0, ge=0, lt=1)
    gazetteers: Path | None = Field(default=None, strict=False)
    clusters: Path | None = Field(default=None, strict=False)


class TnerKnowledge(Config):
    """What T-NER knows: dictionaries, and the features of the training split.

    Args:
        gazetteers: Phrases of each gazetteer.
        clusters: Brown cluster of each word.
        features: Features that occur in the training split; in the order of their weights.
    """

    gazetteers: dict[str, tuple[str, ...]]
    clusters: dict[str, str]
    features: tuple[str, ...]


class Tner(MnerModel[TnerConfig]):
    """T-NER (Ritter et al. 2011) as the multimodal literature compares with it: a feature CRF.

    Args:
        options: Options.
        tags: Tags to predict.
        knowledge: Dictionaries and known features.
    """

    Options = TnerConfig
    title = "T-NER"
    source = (
        'A. Ritter, S. Clark, Mausam, O. Etzioni, "Named Entity Recognition in Tweets: An '
        'Experimental Study", EMNLP 2011; as a baseline of MNER in Q. Zhang et al., AAAI 2018.'
    )
    departures = (
        "One CRF finds and types entities.",
        (
            "LabeledLDA with Freebase, the tweet tagger, the chunker and the capitalisation "
            "classifier are not reproduced (docs/decisions/0202)."
        ),
    )
    presets: ClassVar = {
        "*": {
            **ENCODERS,
            "training.epochs": 30,
            "training.batch_size": 16,
            "training.new_learning_rate": 1e-2,
            "training.warmup_ratio": 0.0,
            "training.max_grad_norm": 5.0,
            "training.patience": 6,
        }
    }
    reads_words = True

    def __init__(self, options: TnerConfig, tags: TagSet, *, knowledge: TnerKnowledge) -> None:
        super().__init__(options, tags)
        self.knowledge = knowledge
        self.features = TokenFeatures(gazetteers=knowledge.gazetteers, clusters=knowledge.clusters)
        self.index = {feature: position for position, feature in enumerate(knowledge.features)}
        self.head = TaggingHead(None, tags=tags, config=options)
        self.weights = nn.EmbeddingBag(len(self.index), len(self.head.states), mode="sum")
        nn.init.zeros_(self.weights.weight)

    @classmethod
    def build(cls, options: TnerConfig, parts: ModelParts) -> Self:
        """Collect the features of the training split, or take those of a checkpoint.

        Raises:
            ConfigError: If there is neither.
            DataError: If a dictionary breaks its format.
        """
        if parts.assets:
            knowledge = from_plain(TnerKnowledge, parts.assets)
            return cls(options, parts.tags, knowledge=knowledge)
        if not parts.training_samples:
            raise ConfigError("t-ner: expected training samples to take its features from")
        gazetteers = read_gazetteers(options.gazetteers) if options.gazetteers else {}
        clusters = read_clusters(options.clusters) if options.clusters else {}
        name = TokenFeatures(gazetteers=gazetteers, clusters=clusters)
        features_of = (name(sample.tokens) for sample in parts.training_samples)
        seen = dict.fromkeys(f for words in features_of for features in words for f in features)
        knowledge = TnerKnowledge(gazetteers=gazetteers, clusters=clusters, features=tuple(seen))
        return cls(options, parts.tags, knowledge=knowledge)

    @property
    def assets(self) -> dict[str, Any]:
        """Dictionaries and known features."""
        return self.knowledge.model_dump(mode="json")

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        return self.output(self.head(self._scores(batch), batch), batch)

    def _scores(self, batch: Batch) -> Float[Tensor, "batch words states"]:
        """Sum the weights of the known features of each word."""
        rows, width = batch.word_mask.shape
        lengths = batch.host.word_mask.sum(dim=1).tolist()
        indices: list[int] = []
        starts: list[int] = []
        for sample, length in zip(batch.samples, lengths, strict=True):
            words: Iterable[list[str]] = self.features(sample.tokens[:length])
            for features in (*words, *([[]] * (width - length))):
                starts.append(len(indices))
                indices += [self.index[f] for f in features if f in self.index]
        device = self.weights.weight.device
        weights = nn.functional.dropout(
            self.weights.weight.new_ones(len(indices)), self.options.dropout, self.training
        )
        scores = self.weights(
            torch.tensor(indices, dtype=torch.long).to(device, non_blocking=True),
            torch.tensor(starts, dtype=torch.long).to(device, non_blocking=True),
            per_sample_weights=weights,
        )
        return scores.view(rows, width, -1)
