"""BERT and BERT-CRF: the text-only baselines that share GMF's parts."""

from typing import ClassVar, Literal

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, Parts
from gmf.models.modules.tagging_head import HeadConfig, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder


class BertCrfConfig(HeadConfig):
    """Options of BERT-CRF; see ``HeadConfig``."""

    name: Literal["bert-crf"] = "bert-crf"


class BertConfig(HeadConfig):
    """Options of BERT with a softmax; see ``HeadConfig``."""

    name: Literal["bert"] = "bert"
    decoder: Literal["crf", "softmax"] = "softmax"


class BertTagger(MnerModel):
    """BERT-CRF: a pretrained text encoder and a CRF.

    Source: Devlin et al. 2019 with the CRF of Lample et al. 2016. Departs from them: decoding
    allows legal BIO2 moves only, for the softmax too.

    Args:
        config: Options.
        tags: Tags to predict.
        text_encoder: Reads the tweet.
    """

    Options: ClassVar = BertCrfConfig

    def __init__(self, config: HeadConfig, tags: TagSet, *, text_encoder: TextEncoder) -> None:
        super().__init__(config, tags)
        self.text_encoder = text_encoder
        self.head = TaggingHead(text_encoder.hidden_dim, tags=tags, config=config)

    @classmethod
    def build(cls, config: HeadConfig, parts: Parts) -> "BertTagger":
        """Assemble the model from a pretrained or saved encoder."""
        return cls(config, parts.tags, text_encoder=parts.text_encoder())

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        hidden = self.text_encoder(batch.text_inputs, None, read=self.head.reads(batch))
        emissions = self.head(hidden, batch)
        if batch.labels is None:
            return ModelOutput(emissions)
        loss = self.head.loss(emissions, batch)
        return ModelOutput(emissions, {"ner": loss}, loss)


class SoftmaxBertTagger(BertTagger):
    """BERT with a softmax over each word instead of the CRF.

    Source: Devlin et al. 2019, Sect. 5.3. Departs from it: see ``BertTagger``.
    """

    Options: ClassVar = BertConfig
