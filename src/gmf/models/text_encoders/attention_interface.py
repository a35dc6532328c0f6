"""Encoders whose attention transformers lets others compute: clues enter without their own loop."""

from collections.abc import Mapping
from typing import Any, ClassVar

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from gmf.models.modules.visual_clue_guidance import VisualClues, clue_attention
from gmf.models.text_encoders.base import TextFamily, own_inputs

#: Name under which transformers knows the attention below.
_NAME = "gmf_clues"


class AttentionInterfaceFamily(TextFamily):
    """Run the model's own forward with the attention of Eq. 13 in each layer.

    Relative positions that the model turns queries and keys by do not touch the clues; a sliding
    window restricts the text alone, since clues have no position.

    Attributes:
        attention_path: Path of layer ``{}``'s attention inside the model.
    """

    takes_clues: ClassVar[bool] = True
    attention_path: ClassVar[str]

    def prepare(self, model: PreTrainedModel) -> None:
        """Number the layers and give them this attention."""
        super().prepare(model)
        for index in range(model.config.num_hidden_layers):
            model.get_submodule(self.attention_path.format(index)).clue_layer = index  # pyright: ignore
        model.set_attn_implementation(_NAME)

    def run(
        self,
        model: PreTrainedModel,
        text_inputs: Mapping[str, Int[Tensor, "batch subwords"]],
        *,
        clues: VisualClues | None,
        read: Bool[Tensor, "batch subwords"] | None,  # noqa: ARG002
    ) -> Float[Tensor, "batch subwords hidden"]:
        """Return all last hidden states."""
        return model(**own_inputs(model, text_inputs), visual_clues=clues).last_hidden_state


class ModernBert(AttentionInterfaceFamily):
    """ModernBERT."""

    attention_path: ClassVar[str] = "layers.{}.attn"


class DistilBert(AttentionInterfaceFamily):
    """DistilBERT."""

    attention_path: ClassVar[str] = "transformer.layer.{}.attention"


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    dropout: float = 0.0,
    visual_clues: VisualClues | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Return attended values as transformers lays them out: batch, subwords, heads, head size."""
    attended = clue_attention(
        query,
        key,
        value,
        attention_mask,
        scale=scaling,
        dropout=dropout,
        clues=visual_clues,
        layer=module.clue_layer,  # pyright: ignore
    )
    return attended.transpose(1, 2), None


AttentionInterface.register(_NAME, _attention)
AttentionMaskInterface.register(_NAME, sdpa_mask)
