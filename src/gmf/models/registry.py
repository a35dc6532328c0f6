"""The models by name, one line each; others come by entry point or from a file of the user."""

from collections.abc import Mapping
from typing import Any

from gmf.core.registry import Registry
from gmf.models.base import MnerModel, ModelOptions

#: A class enters by ``@models.register(NAME)`` or by an entry point of the group ``gmf.models``.
models: Registry[type[MnerModel[Any]]] = Registry(
    "model",
    group="gmf.models",
    base=MnerModel,
    built_in={
        "bilstm-crf": "gmf.models.baselines.bilstm_crf:BiLstmCrf",
        "hbilstm-crf": "gmf.models.baselines.hbilstm_crf:HBiLstmCrf",
        "t-ner": "gmf.models.baselines.tner:Tner",
        "bert": "gmf.models.baselines.bert:SoftmaxBertTagger",
        "bert-crf": "gmf.models.baselines.bert:BertTagger",
        "gvatt-hbilstm-crf": "gmf.models.baselines.gvatt:GvattHBiLstmCrf",
        "gvatt-bert-crf": "gmf.models.baselines.gvatt:GvattBertCrf",
        "umt": "gmf.models.baselines.umt:Umt",
        "maf": "gmf.models.baselines.maf:Maf",
        "umgf": "gmf.models.baselines.umgf:Umgf",
        "bfcl": "gmf.models.baselines.bfcl:Bfcl",
        "debiascl": "gmf.models.baselines.debiascl:DebiasCl",
        "hvpnet": "gmf.models.baselines.hvpnet:Hvpnet",
        "gmf": "gmf.models.gmf:Gmf",
    },
)


def model_options(name: str, options: Mapping[str, Any] | None = None) -> ModelOptions:
    """Check the options of a model and return them, its name among them.

    Args:
        name: Registered name.
        options: What differs from the defaults.

    Raises:
        ConfigError: If no model has this name.
        ValidationError: If an option is wrong.
    """
    return models.get(name).Options.model_validate({**(options or {}), "name": name})
