"""HBiLSTM-CRF: words and their characters, both read by bidirectional LSTMs."""

from typing import Unpack

from torch import nn

from gmf.core.tags import TagSet
from gmf.models.base import Encoders
from gmf.models.baselines.bilstm_crf import BiLstmCrf
from gmf.models.modules.word_encoder import CharacterConfig, WordConfig


class HBiLstmCrf(BiLstmCrf):
    """HBiLSTM-CRF (Lample et al. 2016): characters to words to sentence, a tanh layer, a CRF.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of words and their characters.
    """

    Options = CharacterConfig
    title = "HBiLSTM-CRF"
    source = (
        'G. Lample et al., "Neural Architectures for Named Entity Recognition", NAACL 2016, Sect. '
        "2 and 4."
    )
    departures = (
        "Sizes and optimiser are those of docs/decisions/0201.",
        "Decoding allows legal BIO2 moves only.",
    )

    def __init__(self, options: WordConfig, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        width = self.word_encoder.hidden_dim
        self.projection = nn.Sequential(nn.Linear(width, width), nn.Tanh())
