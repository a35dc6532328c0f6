"""Settings that several baselines share, as dotted options of a run."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

#: The encoders of UMT's tables.
ENCODERS = {"encoders.text": "bert-base-cased", "encoders.image": "microsoft/resnet-152"}


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
