"""Scaled dot-product attention with dropout of its weights."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gmf.models.kernels.dropout import fast_dropout

_Heads = Float[Tensor, "batch heads queries head_dim"]
_Items = Float[Tensor, "batch heads items head_dim"]
#: True where an item is seen; or numbers that are added to the scores.
_Mask = (
    Bool[Tensor, "#batch #heads #queries #items"] | Float[Tensor, "#batch #heads #queries #items"]
)


def attention_weights(
    query: _Heads, key: _Items, mask: _Mask | None, *, scale: float
) -> Float[Tensor, "batch heads queries items"]:
    """Return ``softmax(scale Q K^T + mask)``, 0 at items that a mask of truth values hides."""
    scores = query @ key.mT * scale
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    elif mask is not None:
        scores = scores + mask
    return scores.softmax(dim=-1)


def plain_attention(
    query: _Heads,
    key: _Items,
    value: _Items,
    mask: _Mask | None,
    *,
    scale: float,
    dropout: float = 0.0,
) -> _Heads:
    """Return ``dropout(softmax(scale Q K^T + mask)) V``.

    Args:
        query: Q.
        key: K.
        value: V.
        mask: Which items are seen, in each row one at least; or what is added to the scores.
        scale: Factor of the scores.
        dropout: Probability that a weight is dropped, 0 outside training.
    """
    weights = attention_weights(query, key, mask, scale=scale).to(value.dtype)
    return nn.functional.dropout(weights, dropout) @ value


def fast_attention(
    query: _Heads,
    key: _Items,
    value: _Items,
    mask: _Mask | None,
    *,
    scale: float,
    dropout: float = 0.0,
) -> _Heads:
    """Return what ``plain_attention`` returns, by torch's fused attention where it is fast."""
    if dropout and query.device.type == "cpu":
        # torch has no fused attention with dropout here.
        weights = attention_weights(query, key, mask, scale=scale).to(value.dtype)
        return fast_dropout(weights, dropout, training=True) @ value
    return nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, dropout_p=dropout, scale=scale
    )
