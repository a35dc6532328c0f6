"""Image-text matching: learn by swapped pairs whether an image belongs to its post (MAF)."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from gmf.models.processes import (
    gather_rows,
    largest_over_processes,
    of_first_process,
    own_rows,
)


def swap_pairs(
    candidates: Bool[Tensor, " batch"], *, share: float
) -> tuple[Int[Tensor, " batch"], Bool[Tensor, " batch"]]:
    """Choose posts that exchange their visual side in pairs, at random.

    Args:
        candidates: Posts that may take part, those with a real image; a mask on the CPU.
        share: Share of the candidates that are exchanged, in (0, 1]; at least one pair is.

    Returns:
        For each post, whose visual side it gets, and whether that is its own. No pair when there
        are fewer than two candidates.
    """
    order = torch.arange(len(candidates))
    rows = candidates.nonzero()[:, 0]
    rows = rows[torch.randperm(len(rows))]
    pairs = min(max(1, int(len(rows) * share / 2)), len(rows) // 2)
    first, second = rows[:pairs], rows[pairs : 2 * pairs]
    order[first], order[second] = second, first
    return order, order == torch.arange(len(order))


def swap_visual_sides(
    visual: Float[Tensor, "batch rows dim"],
    mask: Bool[Tensor, "batch rows"],
    *,
    candidates: Int[Tensor, " pairs"],
    share: float,
) -> tuple[
    Float[Tensor, "batch widest dim"], Bool[Tensor, "batch widest"], Bool[Tensor, " batch"], bool
]:
    """Let samples of all processes exchange their visual side in pairs; see ``swap_pairs``.

    Args:
        visual: Word-wise visual states of each sample.
        mask: Their real positions; states beyond them are not given away.
        candidates: Rows of the samples that may take part.
        share: Share of the candidates that are exchanged.

    Returns:
        Visual states and their mask, as wide as the widest of all processes; which samples have
        their own; and whether there was any pair to exchange.
    """
    widest = largest_over_processes(mask.shape[1], device=mask.device)
    mask = nn.functional.pad(mask, (0, widest - mask.shape[1]))
    visual = nn.functional.pad(visual, (0, 0, 0, widest - visual.shape[1])) * mask[:, :, None]
    sides = gather_rows(visual[candidates].flatten(1)).unflatten(1, visual.shape[1:])
    masks = gather_rows(mask[candidates].long()).bool()
    order, _ = swap_pairs(torch.ones(len(sides), dtype=torch.bool), share=share)
    order = of_first_process(order.to(mask.device, non_blocking=True))
    own = own_rows(visual[candidates])
    is_own = mask.new_zeros(len(mask)).index_put(
        (candidates,), order[own] == torch.arange(len(order), device=order.device)[own]
    )
    return (
        visual.index_put((candidates,), sides[order[own]]),
        mask.index_put((candidates,), masks[order[own]]),
        is_own,
        len(order) > 1,
    )


def masked_mean(
    states: Float[Tensor, "batch rows dim"], mask: Bool[Tensor, "batch rows"]
) -> Float[Tensor, "batch dim"]:
    """Return the mean of the rows that are there; zero where there is none."""
    weight = mask.to(states.dtype)[:, :, None]
    return (states * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)


class ImageTextMatching(nn.Module):
    """Logits of "matched" from the text states and the word-wise visual states of a post.

    Source: MAF (Xu et al. 2022), cross-modal matching. Departs from it: each side is averaged over
    its real positions instead of flattened over all 128, so that neither the length nor the padding
    of a post decides (docs/decisions/0207).

    Args:
        dim: Width of both sides.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(2 * dim, 2)

    def forward(
        self,
        text: Float[Tensor, "batch rows dim"],
        visual: Float[Tensor, "batch rows dim"],
        *,
        text_mask: Bool[Tensor, "batch rows"],
        visual_mask: Bool[Tensor, "batch rows"],
    ) -> Float[Tensor, "batch 2"]:
        """Return the logits of "swapped" and "matched".

        Args:
            text: Text states.
            visual: Visual states, of this post or of the one that it was swapped with.
            text_mask: Real positions of the text.
            visual_mask: Real positions of the post that the visual states come from.
        """
        pooled = [masked_mean(text, text_mask), masked_mean(visual, visual_mask)]
        return self.classifier(torch.cat(pooled, dim=-1))
