"""Cross attention between a text and a visual stream: the Transformer layer of UMT and MAF."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


def masked_softmax(
    scores: Float[Tensor, "*rows items"], mask: Bool[Tensor, "*#rows items"]
) -> Float[Tensor, "*rows items"]:
    """Return the softmax over the items that are there; all zero in a row that has none.

    Args:
        scores: One score an item.
        mask: True where the item is there; broadcast over the rows.
    """
    masked = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return masked.softmax(dim=-1) * mask


class CrossLayer(nn.Module):
    """A BERT layer whose queries come from one stream and whose keys and values from another.

    The residual is that of the first stream. Given one stream twice it is a plain BERT layer.

    Source: UMT (Yu et al. 2020, Sect. 3.2), the public code of UMT and MAF. Departs from it: where
    the second stream is empty the attention adds nothing but a bias.

    Args:
        dim: Width of both streams.
        num_heads: Attention heads; divides ``dim``.
        dropout: Dropout of attention and of both sublayers, in [0, 1).
        epsilon: Of both normalisations.

    Raises:
        ValueError: If the heads do not divide the width.
    """

    def __init__(self, dim: int, *, num_heads: int, dropout: float, epsilon: float = 1e-5) -> None:
        super().__init__()
        if num_heads < 1 or dim % num_heads:
            raise ValueError(f"num_heads {num_heads}: expected a divisor of the width {dim}")
        self.num_heads = num_heads
        self.query, self.value = nn.Linear(dim, dim), nn.Linear(dim, dim)
        # A bias of the keys shifts all scores of a query alike, which a softmax does not see.
        self.key = nn.Linear(dim, dim, bias=False)
        self.mix = nn.Linear(dim, dim)
        self.attention_norm = nn.LayerNorm(dim, eps=epsilon)
        self.feed_forward = nn.Sequential(
            nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim)
        )
        self.norm = nn.LayerNorm(dim, eps=epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        states: Float[Tensor, "batch rows dim"],
        others: Float[Tensor, "batch items dim"],
        *,
        mask: Bool[Tensor, "batch items"],
    ) -> Float[Tensor, "batch rows dim"]:
        """Return the first stream, informed by the second.

        Args:
            states: Stream that asks.
            others: Stream that answers.
            mask: Which items of the second stream are there.
        """
        query, key, value = (
            part(stream).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for part, stream in (
                (self.query, states),
                (self.key, others),
                (self.value, others),
            )
        )
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        weights = self.dropout(masked_softmax(scores, mask[:, None, None, :]))
        attended = (weights @ value).transpose(1, 2).flatten(2)
        states = self.attention_norm(states + self.dropout(self.mix(attended)))
        return self.norm(states + self.dropout(self.feed_forward(states)))
