"""Encoders built as BERT is, layer by layer, with visual clues in the attention of each."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from gmf.models.modules.visual_clue_guidance import VisualClues, clue_attention
from gmf.models.runtime import autocast_type
from gmf.models.text_encoders.base import TextFamily

#: The last layer computes a multiple of so many positions.
READ_TOGETHER = 64


class BertLike(TextFamily):
    """BERT, RoBERTa, XLM-R, CamemBERT, and families that differ in names or embeddings.

    The layers are run here from the library's own parts, so that the last one can leave out what
    nobody reads; clues get no positional bias.

    Attributes:
        parts: Names of the parts of a layer's attention: query, key, value, the dropout of its
            weights, output, the output's dropout, normalisation.
    """

    takes_clues: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = (
        "self.query",
        "self.key",
        "self.value",
        "self.dropout",
        "output.dense",
        "output.dropout",
        "output.LayerNorm",
    )

    def embed(self, model: Any, text_inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor | None]:
        """Return the embeddings, and what is added to the scores of attention.

        Args:
            model: The encoder.
            text_inputs: Arrays of the tokenizer, without the attention mask.

        Returns:
            ``(batch, subwords, hidden)``, and ``None`` or ``(1, heads, subwords, subwords)``.
        """
        return model.embeddings(**text_inputs), None

    def run(
        self,
        model: PreTrainedModel,
        text_inputs: Mapping[str, Int[Tensor, "batch subwords"]],
        *,
        clues: VisualClues | None,
        read: Bool[Tensor, "batch subwords"] | None,
    ) -> Float[Tensor, "batch subwords hidden"]:
        """Return the last hidden states; positions that the last layer left out are zero."""
        num_heads, num_layers = model.config.num_attention_heads, model.config.num_hidden_layers
        states, bias = self._start(model, text_inputs)
        shape, positions = states.shape, None if read is None else _positions(read, states.device)
        for index, layer in enumerate(cast(Any, model).encoder.layer):
            query, key, value, weights_dropout, out, dropout, norm = (
                layer.attention.get_submodule(name) for name in self.parts
            )
            seen = _in_autocast_type(states)
            attended = clue_attention(
                *(
                    part(seen).unflatten(-1, (num_heads, -1)).transpose(1, 2)
                    for part in (query, key, value)
                ),
                bias,
                scale=(states.shape[-1] // num_heads) ** -0.5,
                dropout=weights_dropout.p if model.training else 0.0,
                clues=clues,
                layer=index,
            )
            attended = attended.transpose(1, 2).flatten(2)
            if positions is not None and index == num_layers - 1:
                attended, states = (part.flatten(0, 1)[positions] for part in (attended, states))
            states = norm(dropout(out(attended)) + states)
            states = layer.output(layer.intermediate(states), states)
        if positions is None:
            return states
        rows = shape[0] * shape[1]
        return states.new_zeros(rows, shape[2]).index_put((positions,), states).view(shape)

    def _start(
        self, model: PreTrainedModel, text_inputs: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return the embeddings, and the mask of the text or what is added to its scores."""
        inputs = {name: value for name, value in text_inputs.items() if name != "attention_mask"}
        states, position_bias = self.embed(model, inputs)
        mask = text_inputs["attention_mask"][:, None, None, :].bool()
        if position_bias is None:
            return states, mask
        # The lowest number of a wider type would be infinite in the one that is computed in.
        bias = position_bias.to(autocast_type(states.device) or states.dtype)
        return states, bias.masked_fill(~mask, torch.finfo(bias.dtype).min)


class Electra(BertLike):
    """ELECTRA, whose embeddings may be narrower than its layers."""

    def embed(self, model: Any, text_inputs: Mapping[str, Tensor]) -> tuple[Tensor, None]:
        """Return the embeddings, projected to the width of the layers where that is another."""
        states = model.embeddings(**text_inputs)
        project = getattr(model, "embeddings_project", None)
        return states if project is None else project(states), None


class MpNet(BertLike):
    """MPNet: a bias of relative positions, no token types, its own names."""

    parts: ClassVar[tuple[str, ...]] = (
        *("attn.q", "attn.k", "attn.v", "attn.dropout", "attn.o"),
        *("dropout", "LayerNorm"),
    )

    def embed(self, model: Any, text_inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the embeddings and the bias of relative positions."""
        inputs = {name: value for name, value in text_inputs.items() if name != "token_type_ids"}
        states = model.embeddings(**inputs)
        return states, model.encoder.compute_position_bias(states)


def _positions(
    read: Bool[Tensor, "batch subwords"], device: torch.device
) -> Int[Tensor, " positions"]:
    """Return the positions to read, row by row, and some more up to a multiple.

    Blocks of ever other sizes would not fit into freed ones.
    """
    more = (~read).flatten().nonzero()[: -int(read.sum()) % READ_TOGETHER, 0]
    chosen = read.flatten().index_fill(0, more, True).nonzero()[:, 0]
    return chosen.to(device, non_blocking=True)


def _in_autocast_type(states: Tensor) -> Tensor:
    """Convert once what each of several layers would convert for itself."""
    kind = autocast_type(states.device)
    return states if kind is None else states.to(kind)
