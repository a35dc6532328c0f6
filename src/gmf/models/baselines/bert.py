"""BERT and BERT-CRF: the text-only baselines that share GMF's parts."""

from typing import Literal, Unpack

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import Encoders, MnerModel, ModelOptions, ModelOutput
from gmf.models.baselines.settings import umt_tables
from gmf.models.modules.tagging_head import TaggingHead


class BertConfig(ModelOptions):
    """Options of BERT with a softmax; see ``ModelOptions``."""

    decoder: Literal["crf", "softmax"] = "softmax"


class BertTagger(MnerModel[ModelOptions]):
    """BERT-CRF: a pretrained text encoder and a CRF.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text.
    """

    Options = ModelOptions
    title = "BERT-CRF"
    source = 'J. Devlin et al., "BERT", NAACL 2019, with the CRF of G. Lample et al., NAACL 2016.'
    departures = ("Decoding allows legal BIO2 moves only.",)
    presets = umt_tables(seed=32)

    def __init__(self, options: ModelOptions, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        self.head = TaggingHead(self.text_encoder.hidden_dim, tags=tags, config=options)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        hidden = self.text_encoder(batch.text_inputs, None, read=self.head.reads(batch))
        return self.output(self.head(hidden, batch), batch)


class SoftmaxBertTagger(BertTagger):
    """BERT with a softmax over each word instead of the CRF."""

    Options = BertConfig
    title = "BERT"
    source = 'J. Devlin et al., "BERT", NAACL 2019, Sect. 5.3.'
    departures = ("Decoding allows legal BIO2 moves only, for the softmax too.",)
