"""Visual gate: how much of its visual vector each word keeps (UMT, MAF)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class VisualGate(nn.Module):
    """``g = sigmoid(W [text ; visual] + b)``; returns ``[text ; g * visual]``.

    Source: UMT, Sect. 3.3; MAF, Sect. 3.4, whose sum of two linear maps is this one. Departs from
    them: the visual half is zero in posts without images.

    Args:
        dim: Width of text and of visual vectors.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gate = nn.Linear(2 * dim, dim)

    def forward(
        self,
        text: Float[Tensor, "batch rows dim"],
        visual: Float[Tensor, "batch rows dim"],
        *,
        has_image: Bool[Tensor, " batch"],
    ) -> Float[Tensor, "batch rows both"]:
        """Return text and gated visual vectors side by side, twice the width.

        Args:
            text: Text vector of each position.
            visual: Visual vector of each position.
            has_image: Which posts have an image.
        """
        gate = torch.sigmoid(self.gate(torch.cat([text, visual], dim=-1)))
        return torch.cat([text, gate * visual * has_image[:, None, None]], dim=-1)
