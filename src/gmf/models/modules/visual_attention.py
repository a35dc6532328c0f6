"""Visual attention and modulation gate of GVATT (Lu et al. 2018)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gmf.models.modules.cross_attention import masked_softmax
from gmf.models.modules.visual_inputs import VisualItems


class VisualAttention(nn.Module):
    """One visual context a post: ``alpha = softmax(w . tanh(W_t Q + W_v v_i + b))``.

    Source: Lu et al. 2018, Sect. 3.3. Departs from it: the projections are added inside one tanh;
    the printed form cannot depend on the text (docs/decisions/0203).

    Args:
        text_dim: Width of the query.
        image_dim: Width of a region.
        attention_dim: Width in which both are compared.
    """

    def __init__(self, text_dim: int, image_dim: int, *, attention_dim: int) -> None:
        super().__init__()
        self.text = nn.Linear(text_dim, attention_dim)
        self.image = nn.Linear(image_dim, attention_dim, bias=False)
        self.score = nn.Linear(attention_dim, 1, bias=False)

    def forward(
        self, query: Float[Tensor, "batch text_dim"], regions: VisualItems
    ) -> tuple[Float[Tensor, "batch image_dim"], Float[Tensor, "batch regions"]]:
        """Return the visual context v_c, zero without image, and the weights alpha.

        Args:
            query: Q, one vector a post.
            regions: Regions v_i.
        """
        compared = torch.tanh(self.text(query)[:, None] + self.image(regions.values))
        weights = masked_softmax(self.score(compared)[:, :, 0], regions.mask)
        return torch.einsum("bi,bic->bc", weights, regions.values), weights


class ModulationGate(nn.Module):
    """Mix the visual context into each word, as far as a gate allows.

    ``beta_v = sigmoid(W_v h + U_v v + b_v)``, ``beta_w = sigmoid(W_w h + U_w v + b_w)``,
    ``m = tanh(W_m h + U_m v + b_m)``, result ``beta_w * h + beta_v * m``.

    Source: Lu et al. 2018, Sect. 3.4. Departs from it: no.

    Args:
        text_dim: Width of word states.
        image_dim: Width of the visual context.
    """

    def __init__(self, text_dim: int, image_dim: int) -> None:
        super().__init__()
        self.text = nn.Linear(text_dim, 3 * text_dim)
        self.image = nn.Linear(image_dim, 3 * text_dim, bias=False)

    def forward(
        self,
        states: Float[Tensor, "batch words text_dim"],
        context: Float[Tensor, "batch image_dim"],
    ) -> Float[Tensor, "batch words text_dim"]:
        """Return the modulated states w_m.

        Args:
            states: h of each word.
            context: v_c of each post.
        """
        visual, word, mixed = (self.text(states) + self.image(context)[:, None]).chunk(3, dim=-1)
        return torch.sigmoid(word) * states + torch.sigmoid(visual) * torch.tanh(mixed)
