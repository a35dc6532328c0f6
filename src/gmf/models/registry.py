"""The models by name, one line each; others come by entry point or from a file of the user."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gmf.core.registry import Registry
from gmf.models.base import MnerModel, ModelOptions, ModelParts
from gmf.models.output import fault_of_model

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


def built_model(
    options: ModelOptions, parts: ModelParts, *, path: Path | None = None
) -> MnerModel[Any]:
    """Return a model with its encoders.

    Args:
        options: From ``model_options``.
        parts: Encoders, tags and vocabulary source.
        path: Its checkpoint, for messages.

    Raises:
        ConfigError: If one of others raises anything but an error of gmf, or lacks something.
    """
    with models.named_in_errors(options.name, path=path):
        model = models.get(options.name).build(options, parts)
        if fault := fault_of_model(model):
            raise TypeError(fault)
    return model


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
