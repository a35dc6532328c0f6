"""Settings that several baselines share, as dotted options of a run."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from gmf.models.base import ModelOptions
from gmf.models.published import Departure

#: The encoders of UMT's tables.
ENCODERS = {"encoders.text": "bert-base-cased", "encoders.image": "microsoft/resnet-152"}


class CrossLayerOptions(ModelOptions):
    """What models of BERT layers across text and image add to the options of all.

    Args:
        text_dropout: Dropout of the text encoder's states, in [0, 1).
        initialisation: How the model's own layers start: as ``torch`` does it, or like ``bert``.
        norm_epsilon: Epsilon of their normalisations.
    """

    text_dropout: float = Field(default=0.0, ge=0, lt=1)
    initialisation: Literal["torch", "bert"] = "torch"
    norm_epsilon: float = Field(default=1e-5, gt=0)


#: Of a run as the public code of UMT and MAF has it.
BERT_LAYERS: Mapping[str, Any] = MappingProxyType(
    {
        "data.missing_image": "blank",
        "model.subword_labels": "x",
        "model.legal_moves": False,
        "model.text_dropout": 0.1,
        "model.head_dropout": 0.0,
        "model.initialisation": "bert",
        "model.norm_epsilon": 1e-12,
        "training.order": "random",
        "training.decayed": "scores",
    }
)
#: What no option changes in runs of public code.
CHOSEN_STATES = Departure(
    "decoding",
    "any state at any subword, also PAD, [CLS] and X at the start of a word",
    "the states that the tokenizer rules out at a subword are never chosen; padding has no state",
)
RESNET_WEIGHTS = Departure("weights of ResNet", "torchvision's", "those of encoders.image")
BERT_ADAM = Departure(
    "optimiser",
    "BertAdam: no bias correction, gradients of each tensor clipped at norm 1",
    "AdamW with bias correction, all gradients clipped together",
)
RANDOM_CROPS = Departure(
    "images",
    "a random part of 224 x 224 pixels, mirrored at random, in evaluation too",
    "prepared as the image encoder was trained, always alike",
)
STAND_IN = Departure("missing images", "one image of its own", "a white image")


def one_rate(rate: float) -> dict[str, float]:
    """Return the settings of a model whose parameters share one learning rate, but for images."""
    kinds = ("learning_rate", "new_learning_rate", "transitions_learning_rate")
    return {f"training.{kind}": rate for kind in kinds}


def umt_tables(*, seed: int) -> Mapping[str, Mapping[str, Any]]:
    """Return the settings of UMT's tables with a seed."""
    common = {**ENCODERS, "training.batch_size": 32, **one_rate(5e-5), "seed": seed}
    epochs = {"twitter2015": 24, "twitter2017": 22}
    sets = {name: {"training.epochs": count} for name, count in epochs.items()}
    return MappingProxyType({"*": common, **sets})


#: LSTMs over words, docs/decisions/0201; text encoders are not read.
WORD_MODELS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "*": {
            **ENCODERS,
            "training.epochs": 40,
            "training.batch_size": 16,
            "training.new_learning_rate": 1e-3,
            "training.transitions_learning_rate": 1e-3,
            "training.warmup_ratio": 0.0,
            "training.weight_decay": 0.0,
            "training.max_grad_norm": 5.0,
            "training.patience": 6,
            "seed": 1234,
        }
    }
)
