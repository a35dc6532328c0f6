"""Visual prefix: the pyramid of each view as extra keys and values of BERT (HVPNeT)."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from gmf.models.kernels.linear import fast_linears
from gmf.models.kernels.pooling import CellPool
from gmf.models.modules.visual_clue_guidance import VisualClues, gather_clues

#: Slots of each view and learned levels that the gates mix, both as in the public code.
NUM_SLOTS = NUM_LEVELS = 4
#: Cells along each side of a pooled map.
SIDE = 2


class VisualPrefix(nn.Module):
    """Pool the stages to 2 x 2, mix all channels, and gate four learned levels for each text layer.

    Source: HVPNeT (Chen et al. 2022, Sect. 3.2-3.3) in the form of its public code: the four slots
    of a view are groups of channels, and the gates mix learned levels, not stages. Departs from
    it: heads are split as BERT splits its own keys, absent views are masked, and pooling leaves
    no row or column out (docs/decisions/0211).

    Args:
        stage_channels: Channels of each stage.
        hidden_dim: Width of the text encoder.
        num_heads: Its heads.
        num_layers: Its layers.
        mixing_dim: Width of the hidden layer that mixes the channels.
    """

    def __init__(
        self,
        stage_channels: Sequence[int],
        *,
        hidden_dim: int,
        num_heads: int,
        num_layers: int,
        mixing_dim: int,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.pool = CellPool(SIDE)
        slot_dim = sum(stage_channels) * SIDE * SIDE // NUM_SLOTS
        self.mixing = nn.Sequential(
            nn.Linear(slot_dim, mixing_dim),
            nn.Tanh(),
            nn.Linear(mixing_dim, NUM_LEVELS * 2 * hidden_dim),
        )
        self.gates = nn.ModuleList(
            nn.Linear(NUM_SLOTS * 2 * hidden_dim, NUM_LEVELS) for _ in range(num_layers)
        )

    def forward(
        self,
        maps: Sequence[Float[Tensor, "views _ _ _"]],
        view_index: Int[Tensor, "batch slots"],
        *,
        slot_mask: Bool[Tensor, "batch slots"],
    ) -> VisualClues:
        """Return keys and values of every text layer.

        Args:
            maps: Stage maps of the distinct views.
            view_index: View of each slot; negative where absent.
            slot_mask: Which slots may be seen.
        """
        levels = self.levels(maps)
        gates = self.gate(levels)
        prefix = torch.einsum("lvk,vskd->lvsd", gates, levels)
        return gather_clues(list(prefix), view_index, slot_mask=slot_mask, num_heads=self.num_heads)

    def levels(
        self, maps: Sequence[Float[Tensor, "views _ _ _"]]
    ) -> Float[Tensor, "views slots levels both"]:
        """Return the learned levels of each slot, key and value one after the other."""
        pooled = torch.cat([self.pool(stage) for stage in maps], dim=1)
        slots = pooled.flatten(1).unflatten(1, (NUM_SLOTS, -1))
        return self.mixing(slots).unflatten(-1, (NUM_LEVELS, -1))

    def gate(
        self, levels: Float[Tensor, "views slots levels both"]
    ) -> Float[Tensor, "layers views levels"]:
        """Return how much of each level every text layer gets; the levels sum to 1."""
        summary = levels.mean(dim=2).flatten(1)
        logits = fast_linears(summary, self.gates)
        return nn.functional.leaky_relu(logits).softmax(dim=-1)
