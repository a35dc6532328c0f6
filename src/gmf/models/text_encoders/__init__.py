"""Families of text encoders: how each takes visual clues; any other runs its own forward."""

from gmf.core.registry import Registry
from gmf.models.text_encoders.base import TextFamily

#: ``model_type`` of a Hugging Face configuration to the family that knows how clues enter.
TEXT_FAMILIES: Registry[type[TextFamily]] = Registry(
    "text encoder family",
    group="gmf.text_encoders",
    base=TextFamily,
    built_in={
        "bert": "gmf.models.text_encoders.bert_like:BertLike",
        "camembert": "gmf.models.text_encoders.bert_like:BertLike",
        "distilbert": "gmf.models.text_encoders.attention_interface:DistilBert",
        "electra": "gmf.models.text_encoders.bert_like:Electra",
        "modernbert": "gmf.models.text_encoders.attention_interface:ModernBert",
        "mpnet": "gmf.models.text_encoders.bert_like:MpNet",
        "roberta": "gmf.models.text_encoders.bert_like:BertLike",
        "xlm-roberta": "gmf.models.text_encoders.bert_like:BertLike",
    },
)


def text_family(model_type: str) -> TextFamily:
    """Return the family of a ``model_type``; one that takes no clues when none is registered."""
    return (TEXT_FAMILIES.get(model_type) if model_type in TEXT_FAMILIES else TextFamily)()


def families_with_clues() -> list[str]:
    """Return the names of the families into whose attention clues can enter."""
    return [name for name, family in TEXT_FAMILIES.usable().items() if family.takes_clues]
