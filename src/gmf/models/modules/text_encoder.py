"""Pretrained text encoders that accept visual clues in every self-attention layer."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig

from gmf.core.errors import EncoderError
from gmf.encoders.resolve import hub_error, resolve_encoder
from gmf.models.kernels.dropout import draw_fast
from gmf.models.modules.visual_clue_guidance import VisualClues, clue_attention

_BERT = (
    "self.query",
    "self.key",
    "self.value",
    "self.dropout",
    "output.dense",
    "output.dropout",
    "output.LayerNorm",
)
_MPNET = ("attn.q", "attn.k", "attn.v", "attn.dropout", "attn.o", "dropout", "LayerNorm")
#: What each family calls the parts of a layer's attention: query, key, value, the dropout of its
#: weights, output, the output's dropout, normalisation.
FAMILIES = {"bert": _BERT, "roberta": _BERT, "xlm-roberta": _BERT, "mpnet": _MPNET}

#: The last layer computes a multiple of so many positions.
_READ_TOGETHER = 64


class TextEncoder(nn.Module):
    """A BERT-like encoder whose self-attention sees visual clues when it is given any.

    Source: GMF, Sect. 3.3.1 and Eq. 11-13. The layers are run here from the library's own parts,
    for all families alike, so that the last one can leave out what nobody reads; clues get no
    positional bias, which MPNet has.

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
        if config.model_type not in FAMILIES:
            raise EncoderError(
                f"text encoder of type {config.model_type!r}: expected one of {', '.join(FAMILIES)}"
            )
        self._parts = FAMILIES[config.model_type]
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
            model = AutoModel.from_pretrained(place, dtype=torch.float32, **_NO_POOLER)
        except (OSError, ValueError) as error:
            raise hub_error(name, error) from error
        return cls(model)

    @classmethod
    def from_config(cls, options: Mapping[str, Any]) -> "TextEncoder":
        """Build an encoder with random weights from its saved configuration."""
        values = dict(options)
        config = AutoConfig.for_model(values.pop("model_type"), **values)
        return cls(AutoModel.from_config(config, **_NO_POOLER))

    def forward(
        self,
        text_inputs: Mapping[str, Int[Tensor, "batch subwords"]],
        clues: VisualClues | None,
        *,
        read: Bool[Tensor, "batch subwords"] | None = None,
    ) -> Float[Tensor, "batch subwords hidden"]:
        """Return the last hidden states H.

        Args:
            text_inputs: What the tokenizer returned.
            clues: Visual clues of the batch; ``None`` gives exactly the text-only result.
            read: Positions whose states are wanted; the last layer leaves out most others, which
                are zero then. All when ``None``.
        """
        if torch.compiler.is_exporting():
            read = None  # How many positions are read depends on the data, which no graph can take.
        states, bias = self._embed(text_inputs)
        for index, layer in enumerate(cast(Any, self.model).encoder.layer):
            query, key, value, weights_dropout, out, dropout, norm = (
                layer.attention.get_submodule(name) for name in self._parts
            )
            seen = _in_autocast_type(states)
            attended = clue_attention(
                *(
                    part(seen).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
                    for part in (query, key, value)
                ),
                bias,
                scale=(self.hidden_dim // self.num_heads) ** -0.5,
                dropout=weights_dropout.p if self.training else 0.0,
                clues=clues,
                layer=index,
            )
            attended = attended.transpose(1, 2).flatten(2)
            if read is not None and index == self.num_layers - 1:
                read = _filled_up(read)
                attended, states = attended[read], states[read]
            states = norm(dropout(out(attended)) + states)
            states = layer.output(layer.intermediate(states), states)
        if read is None:
            return states
        return states.new_zeros(*read.shape, self.hidden_dim).index_put((read,), states)

    def _embed(self, text_inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the embeddings and what is added to attention's scores."""
        model = cast(Any, self.model)
        inputs = {name: value for name, value in text_inputs.items() if name != "attention_mask"}
        if self.config.model_type == "mpnet":
            inputs.pop("token_type_ids", None)
        states = model.embeddings(**inputs)
        allowed = text_inputs["attention_mask"][:, None, None, :].to(states.dtype)
        bias = (1 - allowed) * torch.finfo(states.dtype).min
        if self.config.model_type == "mpnet":
            bias = bias + model.encoder.compute_position_bias(states)
        return states, bias


def _filled_up(read: Bool[Tensor, "batch subwords"]) -> Bool[Tensor, "batch subwords"]:
    """Add positions up to a multiple: blocks of ever other sizes would not fit into freed ones."""
    more = (~read).flatten().nonzero()[: -int(read.sum()) % _READ_TOGETHER, 0]
    return read.flatten().index_fill(0, more, True).view_as(read)


def _in_autocast_type(states: Tensor) -> Tensor:
    """Convert once what each of several layers would convert for itself."""
    kind = states.device.type
    return states.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else states


_NO_POOLER = {"add_pooling_layer": False}
