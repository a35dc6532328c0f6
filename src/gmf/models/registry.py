"""The models by name: one line each, imported when first asked for."""

from importlib import import_module

from gmf.core.errors import ConfigError
from gmf.models.base import MnerModel

#: Name to ``module:class``; adding a model adds a line here.
MODELS = {
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
}


def model_class(name: str) -> type[MnerModel]:
    """Return the class of a model.

    Raises:
        ConfigError: If no model has this name; lists those that exist.
    """
    if name not in MODELS:
        raise ConfigError(f"model {name!r}: expected one of {', '.join(MODELS)}")
    module, _, attribute = MODELS[name].partition(":")
    return getattr(import_module(module), attribute)
