"""BiLSTM-CRF: a text-only tagger that reads words, without a pretrained encoder."""

from typing import Unpack

from torch import nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import Encoders, MnerModel, ModelOutput
from gmf.models.baselines.settings import WORD_MODELS
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.word_encoder import WordConfig


class BiLstmCrf(MnerModel[WordConfig]):
    """BiLSTM-CRF (Huang et al. 2015): word vectors, one bidirectional LSTM, a CRF.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of words.
    """

    Options = WordConfig
    title = "BiLSTM-CRF"
    source = 'Z. Huang, W. Xu, K. Yu, "Bidirectional LSTM-CRF Models for Sequence Tagging", 2015.'
    departures = (
        "No hand-made features.",
        "Sizes are those of docs/decisions/0201.",
        "Decoding allows legal BIO2 moves only.",
    )
    presets = WORD_MODELS
    reads_words = True

    def __init__(self, options: WordConfig, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        self.projection: nn.Module = nn.Identity()
        self.head = TaggingHead(self.word_encoder.hidden_dim, tags=tags, config=options)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        return self.output(self.head(self.projection(self.word_encoder(batch)), batch), batch)
