"""Consistency matching: a contrastive loss that aligns text and image (GMF, Eq. 14-16)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gmf.models.modules.contrastive import cosines
from gmf.models.processes import gather_rows


def contrastive_loss(
    text: Float[Tensor, "pairs dim"],
    image: Float[Tensor, "pairs dim"],
    *,
    temperature: float,
    direction_weight: float,
) -> Float[Tensor, ""]:
    """Return the symmetric InfoNCE loss of matched pairs, Eq. 14-16.

    Args:
        text: C_n, one row a pair.
        image: P_n, the row of the same pair.
        temperature: The paper's tau, above 0.
        direction_weight: The paper's lambda in [0, 1]: weight of image-to-text.

    Returns:
        A scalar; ``log(pairs)`` is chance. 0 when fewer than two pairs leave nothing to contrast.
    """
    if text.shape[0] < 2:
        return text.new_zeros(())
    similarity = cosines(image, text) / temperature
    match = torch.arange(len(similarity), device=similarity.device)
    image_to_text = nn.functional.cross_entropy(similarity, match)
    text_to_image = nn.functional.cross_entropy(similarity.T, match)
    return direction_weight * image_to_text + (1 - direction_weight) * text_to_image


class ConsistencyMatching(nn.Module):
    """Project text and image by two perceptrons and contrast the pairs of a batch.

    Source: GMF, Sect. 3.5, Eq. 14-16, and Sect. 3.3.1 for ``C_g = tanh(W c_0 + b)``. Departs from
    it: the widths of the perceptrons are MAF's, since the paper gives none.

    Args:
        text_dim: Width of the text encoder.
        image_dim: Width of the global image vector V_g.
        temperature: The paper's tau, above 0.
        direction_weight: The paper's lambda in [0, 1].

    Raises:
        ValueError: If the temperature or the weight is out of range.
    """

    def __init__(
        self, text_dim: int, image_dim: int, *, temperature: float, direction_weight: float
    ) -> None:
        super().__init__()
        if temperature <= 0 or not 0 <= direction_weight <= 1:
            raise ValueError(
                f"temperature {temperature}: expected above 0; "
                f"direction_weight {direction_weight}: expected 0 to 1"
            )
        self.temperature, self.direction_weight = temperature, direction_weight
        self.pooler = nn.Sequential(nn.Linear(text_dim, text_dim), nn.Tanh())
        self.text_head = nn.Sequential(
            nn.Linear(text_dim, text_dim), nn.ReLU(), nn.Linear(text_dim, text_dim)
        )
        self.image_head = nn.Sequential(
            nn.Linear(image_dim, text_dim), nn.ReLU(), nn.Linear(text_dim, text_dim)
        )

    def forward(
        self,
        first_states: Float[Tensor, "pairs text_dim"],
        image_vectors: Float[Tensor, "pairs image_dim"],
    ) -> tuple[Float[Tensor, "pairs text_dim"], Float[Tensor, "pairs text_dim"]]:
        """Return the projected text and image vectors C_n and P_n.

        Args:
            first_states: c_0, the encoder's output at the first position.
            image_vectors: V_g, the average of the last map of the whole image.
        """
        return self.text_head(self.pooler(first_states)), self.image_head(image_vectors)

    def pairs(
        self,
        first_states: Float[Tensor, "pairs text_dim"],
        last_map: Float[Tensor, "views image_dim height width"] | None,
        views: Int[Tensor, " pairs"],
    ) -> tuple[Float[Tensor, "pairs text_dim"], Float[Tensor, "pairs text_dim"]]:
        """Return C_n and P_n of samples and their whole images.

        Args:
            first_states: c_0 of each sample that has a real image.
            last_map: Last map of each view; ``None`` without images.
            views: View of each pair.
        """
        if last_map is None:
            width = self.image_head.get_parameter("0.weight").shape[1]
            images = first_states.new_zeros(0, width)
        else:
            images = last_map[views].mean(dim=(2, 3))
        return self(first_states, images)

    def pair_loss(
        self,
        first_states: Float[Tensor, "pairs text_dim"],
        last_map: Float[Tensor, "views image_dim height width"] | None,
        views: Int[Tensor, " pairs"],
    ) -> Float[Tensor, ""]:
        """Return the loss, Eq. 16, over the pairs of all processes; see ``pairs``."""
        return self.loss(*self.pairs(first_states, last_map, views))

    def loss(self, text: Float[Tensor, "pairs dim"], image: Float[Tensor, "pairs dim"]) -> Tensor:
        """Return the loss of projected pairs, Eq. 16, over the pairs of all processes."""
        return contrastive_loss(
            gather_rows(text),
            gather_rows(image),
            temperature=self.temperature,
            direction_weight=self.direction_weight,
        )
