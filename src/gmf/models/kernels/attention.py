"""Scaled dot-product attention with dropout of its weights."""

from jaxtyping import Float
from torch import Tensor, nn

from gmf.models.kernels.dropout import fast_dropout

_Heads = Float[Tensor, "batch heads queries head_dim"]
_Items = Float[Tensor, "batch heads items head_dim"]
_Bias = Float[Tensor, "#batch #heads #queries #items"]


def attention_weights(
    query: _Heads, key: _Items, bias: _Bias | None, *, scale: float
) -> Float[Tensor, "batch heads queries items"]:
    """Return ``softmax(scale Q K^T + bias)``."""
    scores = query @ key.mT * scale
    return (scores if bias is None else scores + bias).softmax(dim=-1)


def plain_attention(
    query: _Heads,
    key: _Items,
    value: _Items,
    bias: _Bias | None,
    *,
    scale: float,
    dropout: float = 0.0,
) -> _Heads:
    """Return ``dropout(softmax(scale Q K^T + bias)) V``.

    Args:
        query: Q.
        key: K.
        value: V.
        bias: Added to the scores (mask, relative positions).
        scale: Factor of the scores.
        dropout: Probability that a weight is dropped, 0 outside training.
    """
    weights = attention_weights(query, key, bias, scale=scale).to(value.dtype)
    return nn.functional.dropout(weights, dropout) @ value


def fast_attention(
    query: _Heads,
    key: _Items,
    value: _Items,
    bias: _Bias | None,
    *,
    scale: float,
    dropout: float = 0.0,
) -> _Heads:
    """Return what ``plain_attention`` returns, by torch's fused attention where it is fast."""
    if dropout and query.device.type == "cpu":
        # torch has no fused attention with dropout here.
        weights = attention_weights(query, key, bias, scale=scale).to(value.dtype)
        return fast_dropout(weights, dropout, training=True) @ value
    return nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=bias, dropout_p=dropout, scale=scale
    )
