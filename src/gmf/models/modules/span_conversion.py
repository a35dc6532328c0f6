"""Span conversion: emissions of untyped spans as evidence for typed tags (UMT)."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from gmf.core.tags import OUTSIDE, TagSet

#: The one type of the span detector: it finds where entities are, not what they are.
SPAN_TAGS = TagSet(("ENTITY",))


def span_labels(labels: Int[Tensor, "batch words"]) -> Int[Tensor, "batch words"]:
    """Return typed labels with their types taken away: O, B or I."""
    return torch.where(labels > 0, (labels - 1) % 2 + 1, 0)


def possible_spans(
    possible: Bool[Tensor, "batch words tags"] | None,
) -> Bool[Tensor, "batch words 3"] | None:
    """Return the tags that words may have with their types taken away."""
    if possible is None:
        return None
    kinds = possible[:, :, :1], possible[:, :, 1::2], possible[:, :, 2::2]
    return torch.stack([kind.any(dim=2) for kind in kinds], dim=2)


class SpanConversion(nn.Module):
    """A fixed matrix M from span states to typed states.

    ``B`` spreads over the B-tags of all types in equal parts and ``I`` over the I-tags; ``O`` and
    the service states (``X``, ``[CLS]``, ``[SEP]``) stand for themselves.

    Source: UMT (Yu et al. 2020, Sect. 3.4); a quarter each in the public code, which has four
    types. Departs from it: no.

    Args:
        span_states: States of the span detector.
        states: States of the tagger.
    """

    def __init__(self, span_states: Sequence[str], states: Sequence[str]) -> None:
        super().__init__()
        rows = [[float(_stands_for(span, state)) for state in states] for span in span_states]
        matrix = torch.tensor(rows)
        matrix = matrix / matrix.sum(dim=1, keepdim=True)
        self.register_buffer("matrix", matrix, persistent=False)
        self.matrix: Tensor

    def forward(
        self, emissions: Float[Tensor, "batch positions spans"]
    ) -> Float[Tensor, "batch positions states"]:
        """Return the emissions of spans as emissions of typed states."""
        return emissions @ self.matrix.to(emissions.dtype)


def _stands_for(span: str, state: str) -> bool:
    if span in (state, OUTSIDE):
        return span == state
    return span[:2] in ("B-", "I-") and span[:2] == state[:2]
