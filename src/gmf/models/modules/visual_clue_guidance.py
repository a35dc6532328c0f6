"""Visual clue guidance: clues as extra keys and values of self-attention (GMF, Eq. 10-13)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

from gmf.models.kernels.attention import attention_weights, fast_attention

_TextBias = Bool[Tensor, "batch _ _ subwords"] | Float[Tensor, "batch _ _ subwords"]


@dataclass(frozen=True)
class VisualClues:
    """Keys and values that the text of a batch may attend to, layer by layer.

    Args:
        keys: phi_k of Eq. 12, one tensor a layer, split over heads.
        values: phi_v of Eq. 12, one tensor a layer, split over heads.
        mask: True where a clue is there; False for absent images and objects.
        mass: Filled with the attention that each layer pays to each clue when not ``None``.
        layers: Layers that see the clues; all when ``None``.
    """

    keys: Sequence[Float[Tensor, "batch heads clues head_dim"]]
    values: Sequence[Float[Tensor, "batch heads clues head_dim"]]
    mask: Bool[Tensor, "batch clues"]
    mass: list[Float[Tensor, "batch subwords clues"]] | None = field(default=None, compare=False)
    layers: tuple[int, ...] | None = None

    def with_plain_rows(self, count: int) -> "VisualClues":
        """Return clues for a batch to which so many rows are appended that see none."""
        pad = nn.functional.pad
        keys, values = (
            [pad(part, (0, 0) * 3 + (0, count)) for part in parts]
            for parts in (self.keys, self.values)
        )
        return replace(self, keys=keys, values=values, mask=pad(self.mask, (0, 0, 0, count)))


def clue_attention(
    query: Float[Tensor, "batch heads subwords head_dim"],
    key: Float[Tensor, "batch heads subwords head_dim"],
    value: Float[Tensor, "batch heads subwords head_dim"],
    bias: _TextBias | None,
    *,
    scale: float,
    dropout: float = 0.0,
    clues: VisualClues | None = None,
    layer: int = 0,
) -> Float[Tensor, "batch heads subwords head_dim"]:
    """Attend over the clues and the text together, Eq. 13; over the text alone without clues.

    Args:
        query: Q of the text.
        key: K of the text.
        value: V of the text.
        bias: Which subwords are seen, in each row one at least; or numbers that are added to the
            scores of the text (mask, relative positions).
        scale: Factor of the scores, ``1 / sqrt(head size)``.
        dropout: Dropout of attention probabilities, 0 outside training.
        clues: Keys and values of the images; they get no positional bias.
        layer: Which layer's clues.
    """
    if clues is not None and (clues.layers is None or layer in clues.layers):
        if bias is None:
            bias = clues.mask.new_ones(len(query), 1, 1, key.shape[2])
        bias = torch.cat([_like(bias, clues.mask[:, None, None, :]), bias], dim=-1)
        key = torch.cat([clues.keys[layer].to(key.dtype), key], dim=2)
        value = torch.cat([clues.values[layer].to(value.dtype), value], dim=2)
        if clues.mass is not None:
            weights = attention_weights(query, key, bias, scale=scale)
            clues.mass.append(weights[..., : clues.mask.shape[1]].mean(dim=1).detach())
    return fast_attention(query, key, value, bias, scale=scale, dropout=dropout)


def _like(
    bias: _TextBias, mask: Bool[Tensor, "batch 1 1 clues"]
) -> Shaped[Tensor, "batch _ _ clues"]:
    """Return a mask as a bias is: truth values, or 0 and the lowest number; as many rows."""
    rows = mask.expand(*bias.shape[:3], -1)
    if bias.dtype == torch.bool:
        return rows
    lowest = torch.finfo(bias.dtype).min
    return torch.zeros_like(rows, dtype=bias.dtype).masked_fill(~rows, lowest)


def gather_clues(
    projected: Sequence[Float[Tensor, "views cells both"]],
    view_index: Int[Tensor, "batch slots"],
    *,
    slot_mask: Bool[Tensor, "batch slots"],
    num_heads: int,
    layers: tuple[int, ...] | None = None,
) -> VisualClues:
    """Return the clues of every post, the cells of its views side by side, Eq. 10.

    Args:
        projected: Keys and values of each distinct view, one after the other on the last axis;
            one tensor a layer.
        view_index: View of each slot; negative where absent.
        slot_mask: Which slots may be seen.
        num_heads: Heads of the text encoder; clues are split as it splits its own keys.
        layers: Text layers that receive clues; all when ``None``.
    """
    views = view_index.clamp(min=0).flatten()
    keys, values = [], []
    for layer in projected:
        cells = layer.index_select(0, views).unflatten(0, view_index.shape)
        halves = cells.flatten(1, 2).chunk(2, dim=-1)
        key, value = (half.unflatten(-1, (num_heads, -1)).transpose(1, 2) for half in halves)
        keys.append(key)
        values.append(value)
    mask = slot_mask.repeat_interleave(projected[0].shape[1], dim=1)
    return VisualClues(keys, values, mask, layers=layers)


class VisualClueGuidance(nn.Module):
    """Project the gated pyramid of each view into clues for each text layer.

    ``[phi_k^l ; phi_v^l] = V^(l) W_l``, the cells of all views of a post side by side.

    Source: GMF, Sect. 3.4.3-3.4.4, Eq. 10-12. Departs from it: views that are absent are
    masked (docs/decisions/0004).

    Args:
        dim: Width of the fused pyramid.
        hidden_dim: Width of the text encoder.
        num_heads: Heads of the text encoder; clues are split as it splits its own keys.
        num_layers: Text layers.
    """

    def __init__(self, dim: int, *, hidden_dim: int, num_heads: int, num_layers: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.projections = nn.ModuleList(
            nn.Linear(dim, 2 * hidden_dim, bias=False) for _ in range(num_layers)
        )

    def forward(
        self,
        fused: Float[Tensor, "layers views cells dim"],
        view_index: Int[Tensor, "batch slots"],
        *,
        slot_mask: Bool[Tensor, "batch slots"],
        layers: tuple[int, ...] | None = None,
    ) -> VisualClues:
        """Return the clues of every post.

        Args:
            fused: V^(l) of each distinct view, Eq. 9.
            view_index: View of each slot; negative where absent.
            slot_mask: Which slots may be seen.
            layers: Text layers that receive clues; all when ``None``.
        """
        projected = [
            layer(cells) for layer, cells in zip(self.projections, fused.unbind(), strict=True)
        ]
        return gather_clues(
            projected, view_index, slot_mask=slot_mask, num_heads=self.num_heads, layers=layers
        )
