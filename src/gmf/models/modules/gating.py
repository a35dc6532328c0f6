"""Dynamic gating and gated fusion of the pyramid, for each text layer (GMF, Eq. 7-9)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gmf.models.kernels.linear import fast_linears


class DynamicGating(nn.Module):
    """Decide how much each visual stage informs each text layer, and mix the stages.

    ``gamma^(l) = LeakyReLU(W_l mean_s P(V_s))``, ``g^(l) = softmax(gamma^(l))``,
    ``V^(l) = sum_s g_s^(l) V_s``.

    Source: GMF, Sect. 3.4.2-3.4.3, Eq. 7-9. Departs from it: no.

    Args:
        dim: Width that the stages share.
        num_stages: Visual stages (the paper's d).
        num_layers: Text layers (the paper's l).

    Raises:
        ValueError: If a size is below 1.
    """

    def __init__(self, dim: int, *, num_stages: int, num_layers: int) -> None:
        super().__init__()
        if min(dim, num_stages, num_layers) < 1:
            raise ValueError("dim, num_stages and num_layers: expected at least 1")
        self.projections = nn.ModuleList(nn.Linear(dim, num_stages) for _ in range(num_layers))

    def forward(
        self, stages: Float[Tensor, "views stages cells dim"]
    ) -> Float[Tensor, "layers views stages"]:
        """Return gate probabilities of every layer, Eq. 7-8; they sum to 1 over the stages."""
        summary = stages.mean(dim=(1, 2))
        logits = fast_linears(summary, self.projections)
        return nn.functional.leaky_relu(logits).softmax(dim=-1)

    def fuse(
        self,
        stages: Float[Tensor, "views stages cells dim"],
        gates: Float[Tensor, "layers views stages"],
    ) -> Float[Tensor, "layers views cells dim"]:
        """Return the gated mixture of the stages as a list of cells, Eq. 9."""
        return torch.einsum("lvs,vscd->lvcd", gates, stages)
