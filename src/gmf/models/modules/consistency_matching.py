"""Consistency matching: a contrastive loss that aligns text and image (GMF, Eq. 14-16)."""

import torch
import torch.distributed as distributed
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.distributed.nn.functional import all_gather

from gmf.models.modules.contrastive import cosines


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

    def pair_loss(
        self,
        first_states: Float[Tensor, "pairs text_dim"],
        last_map: Float[Tensor, "views image_dim height width"] | None,
        views: Int[Tensor, " pairs"],
    ) -> Float[Tensor, ""]:
        """Return the loss of samples and their whole images, over the pairs of all processes.

        Processes wait for each other here: each must call it, also one whose batch has no image.

        Args:
            first_states: c_0 of each sample that has a real image.
            last_map: Last map of each view; ``None`` without images.
            views: View of each pair.
        """
        if last_map is None:
            return self.loss(first_states, first_states)
        return self.loss(*self(first_states, last_map[views].mean(dim=(2, 3))))

    def loss(self, text: Float[Tensor, "pairs dim"], image: Float[Tensor, "pairs dim"]) -> Tensor:
        """Return the loss of projected pairs, Eq. 16, over the pairs of all processes."""
        if _has_peers():
            # Every process must take part in the exchange, so its graph must reach a parameter.
            tie = 0 * sum(
                p.sum() for p in (*self.text_head.parameters(), *self.image_head.parameters())
            )
            text, image = gather_rows(text + tie), gather_rows(image + tie)
        return contrastive_loss(
            text, image, temperature=self.temperature, direction_weight=self.direction_weight
        )


def can_contrast(views: Int[Tensor, " pairs"]) -> bool:
    """Return whether there are two pairs, or other processes that wait for those of this one.

    Args:
        views: View of each pair.
    """
    return len(views) > 1 or _has_peers()


def _has_peers() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def gather_rows(rows: Float[Tensor, "own dim"]) -> Float[Tensor, "all dim"]:
    """Return the rows of all processes, in rank order; gradients flow back to their owners.

    Args:
        rows: This process's rows; their number may differ from process to process, also be 0.
    """
    own = torch.tensor(len(rows), device=rows.device)
    counts = [torch.zeros_like(own) for _ in range(distributed.get_world_size())]
    distributed.all_gather(counts, own)
    sizes = [int(count) for count in counts]
    padded = torch.cat(
        [rows, rows.sum() * 0 + rows.new_zeros(max(sizes) - len(rows), rows.shape[1])]
    )
    return torch.cat([part[:size] for part, size in zip(all_gather(padded), sizes, strict=True)])
