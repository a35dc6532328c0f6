"""Pretrained text encoders that accept visual clues in every self-attention layer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import AttentionInterface, AutoConfig, AutoModel, PretrainedConfig
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from gmf.core.errors import EncoderError
from gmf.encoders.resolve import hub_error, resolve_encoder
from gmf.models.modules.dropout import draw_fast
from gmf.models.modules.visual_clue_guidance import VisualClues, clue_attention

#: Name under which the attention with clues is known to transformers.
ATTENTION = "gmf_visual_clues"
#: Model types whose layers call transformers' attention interface with the model's keywords.
INTERFACE_FAMILIES = ("bert", "roberta", "xlm-roberta")


def _interface_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    visual_clues: VisualClues | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    states = clue_attention(
        query,
        key,
        value,
        attention_mask,
        scale=scaling if scaling is not None else query.shape[-1] ** -0.5,
        dropout=dropout,
        clues=visual_clues,
        layer=cast(int, module.layer_idx),
    )
    return states.transpose(1, 2).contiguous(), None


AttentionInterface.register(ATTENTION, _interface_attention)
AttentionMaskInterface.register(ATTENTION, eager_mask)


class TextEncoder(nn.Module):
    """A BERT-like encoder whose self-attention sees visual clues when it is given any.

    Source: GMF, Sect. 3.3.1 and Eq. 11-13. BERT, RoBERTa, XLM-R and MiniLM go through
    transformers' attention interface; MPNet computes its own attention with relative positions,
    so its layers are run here from their own parts (no positional bias on clues).

    Args:
        model: A transformers encoder of one of these families, without pooler.

    Raises:
        EncoderError: If the model is of another family.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        draw_fast(model)
        self.model = model
        config = cast(PretrainedConfig, model.config)
        if config.model_type not in (*INTERFACE_FAMILIES, "mpnet"):
            raise EncoderError(
                f"text encoder of type {config.model_type!r}: expected one of "
                f"{', '.join((*INTERFACE_FAMILIES, 'mpnet'))}"
            )
        self.config = config
        self.hidden_dim: int = config.hidden_size
        self.num_layers: int = config.num_hidden_layers
        self.num_heads: int = config.num_attention_heads

    @classmethod
    def load(cls, name: str) -> "TextEncoder":
        """Load pretrained weights: a packaged name, a local folder or a hub id.

        Raises:
            EncoderError: If it cannot be found or fetched; names what installs without a hub.
        """
        place = resolve_encoder(name)
        try:
            model = AutoModel.from_pretrained(
                place, dtype=torch.float32, attn_implementation=_attention(place), **_NO_POOLER
            )
        except (OSError, ValueError) as error:
            raise hub_error(name, error) from error
        return cls(model)

    @classmethod
    def from_config(cls, options: Mapping[str, Any]) -> "TextEncoder":
        """Build an encoder with random weights from its saved configuration."""
        values = dict(options)
        config = AutoConfig.for_model(values.pop("model_type"), **values)
        attention = "eager" if config.model_type == "mpnet" else ATTENTION
        return cls(AutoModel.from_config(config, attn_implementation=attention, **_NO_POOLER))

    def forward(
        self, text_inputs: Mapping[str, Int[Tensor, "batch subwords"]], clues: VisualClues | None
    ) -> Float[Tensor, "batch subwords hidden"]:
        """Return the last hidden states H.

        Args:
            text_inputs: What the tokenizer returned.
            clues: Visual clues of the batch; ``None`` gives exactly the text-only result.
        """
        if self.config.model_type == "mpnet":
            return self._mpnet(text_inputs, clues)
        return self.model(**text_inputs, visual_clues=clues).last_hidden_state

    def _mpnet(self, text_inputs: Mapping[str, Tensor], clues: VisualClues | None) -> Tensor:
        model = cast(Any, self.model)
        states = model.embeddings(input_ids=text_inputs["input_ids"])
        allowed = text_inputs["attention_mask"][:, None, None, :].to(states.dtype)
        bias = model.encoder.compute_position_bias(states)
        bias = bias + (1 - allowed) * torch.finfo(states.dtype).min
        for index, layer in enumerate(model.encoder.layer):
            own = layer.attention.attn
            query, key, value = (
                part(states).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
                for part in (own.q, own.k, own.v)
            )
            attended = clue_attention(
                query,
                key,
                value,
                bias.to(query.dtype),
                scale=own.attention_head_size**-0.5,
                dropout=own.dropout.p if self.training else 0.0,
                clues=clues,
                layer=index,
            )
            mixed = layer.attention.dropout(own.o(attended.transpose(1, 2).flatten(2)))
            states = layer.attention.LayerNorm(mixed + states)
            states = layer.output(layer.intermediate(states), states)
        return states


_NO_POOLER = {"add_pooling_layer": False}


def _attention(place: str | Path) -> str:
    config = AutoConfig.from_pretrained(place)
    return "eager" if config.model_type == "mpnet" else ATTENTION
