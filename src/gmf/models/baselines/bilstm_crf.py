"""BiLSTM-CRF: a text-only tagger that reads words, without a pretrained encoder."""

from typing import Any, ClassVar, Literal

from torch import nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, Parts
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.word_encoder import WordConfig, WordEncoder


class BiLstmCrfConfig(WordConfig):
    """Options of BiLSTM-CRF; see ``WordConfig``."""

    name: Literal["bilstm-crf"] = "bilstm-crf"


class BiLstmCrf(MnerModel):
    """BiLSTM-CRF (Huang et al. 2015): word vectors, one bidirectional LSTM, a CRF.

    Source: Z. Huang, W. Xu, K. Yu, "Bidirectional LSTM-CRF Models for Sequence Tagging", 2015.
    Departs from it: no hand-made features; sizes as docs/decisions/0201; decoding allows legal BIO2
    moves only.

    Args:
        config: Options.
        tags: Tags to predict.
        word_encoder: Reads the words.
    """

    Options: ClassVar = BiLstmCrfConfig
    reads_words: ClassVar[bool] = True

    def __init__(self, config: WordConfig, tags: TagSet, *, word_encoder: WordEncoder) -> None:
        super().__init__(config, tags)
        self.word_encoder, self.projection = word_encoder, nn.Identity()
        self.head = TaggingHead(word_encoder.hidden_dim, tags=tags, config=config)

    @classmethod
    def build(cls, config: Any, parts: Parts) -> "BiLstmCrf":
        """Assemble the model with the vocabulary of the training split or of a checkpoint."""
        encoder = WordEncoder.build(config, samples=parts.training_samples, assets=parts.assets)
        return cls(config, parts.tags, word_encoder=encoder)

    @property
    def assets(self) -> dict[str, Any]:
        """The vocabulary."""
        return self.word_encoder.assets

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        emissions = self.head(self.projection(self.word_encoder(batch)), batch)
        if batch.labels is None:
            return ModelOutput(emissions)
        loss = self.head.loss(emissions, batch)
        return ModelOutput(emissions, {"ner": loss}, loss)
