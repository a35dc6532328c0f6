"""HBiLSTM-CRF: words and their characters, both read by bidirectional LSTMs."""

from typing import ClassVar, Literal

from torch import nn

from gmf.core.tags import TagSet
from gmf.models.baselines.bilstm_crf import BiLstmCrf
from gmf.models.modules.word_encoder import CharacterConfig, WordConfig, WordEncoder


class HBiLstmCrfConfig(CharacterConfig):
    """Options of HBiLSTM-CRF; see ``CharacterConfig``."""

    name: Literal["hbilstm-crf"] = "hbilstm-crf"


class HBiLstmCrf(BiLstmCrf):
    """HBiLSTM-CRF (Lample et al. 2016): characters to words to tweet, a tanh layer, a CRF.

    Source: G. Lample et al., "Neural Architectures for Named Entity Recognition", NAACL 2016,
    Sect. 2 and 4. Departs from it: sizes and optimiser as docs/decisions/0201; decoding allows
    legal BIO2 moves only.

    Args:
        config: Options.
        tags: Tags to predict.
        word_encoder: Reads words and characters.
    """

    Options: ClassVar = HBiLstmCrfConfig

    def __init__(self, config: WordConfig, tags: TagSet, *, word_encoder: WordEncoder) -> None:
        super().__init__(config, tags, word_encoder=word_encoder)
        width = word_encoder.hidden_dim
        self.projection = nn.Sequential(nn.Linear(width, width), nn.Tanh())
