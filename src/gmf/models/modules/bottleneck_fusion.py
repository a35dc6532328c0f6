"""Bottleneck fusion: two streams that meet only in a few shared tokens (BFCL)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gmf.models.modules.cross_attention import CrossLayer
from gmf.models.modules.visual_inputs import VisualItems


class BottleneckFusion(nn.Module):
    """Text and image exchange information through bottleneck tokens Z only.

    ``[T' ; Z_t] = Layer_t([T ; Z])``, ``[V' ; Z_v] = Layer_v([V ; Z])``, ``Z' = (Z_t + Z_v) / 2``.

    Source: BFCL (Wang et al. 2023) after Nagrani et al. 2021, Eq. 6-8. Departs from them: a post
    without image has ``Z' = Z_t``; the last image layer, which nothing would read, is not there.

    Args:
        dim: Width of both streams.
        num_heads: Attention heads.
        num_layers: Fusion layers of the text stream, at least 2.
        num_bottlenecks: Tokens in Z, at least 1.
        dropout: Dropout of the layers.

    Raises:
        ValueError: If there are too few layers for the image to reach the text, or no bottleneck.
    """

    def __init__(
        self, dim: int, *, num_heads: int, num_layers: int, num_bottlenecks: int, dropout: float
    ) -> None:
        super().__init__()
        if num_layers < 2 or num_bottlenecks < 1:
            raise ValueError(
                f"num_layers {num_layers}: expected at least 2; "
                f"num_bottlenecks {num_bottlenecks}: expected at least 1"
            )
        self.bottlenecks = nn.Parameter(torch.randn(num_bottlenecks, dim) * 0.02)
        self.text_layers = nn.ModuleList(
            CrossLayer(dim, num_heads=num_heads, dropout=dropout) for _ in range(num_layers)
        )
        self.image_layers = nn.ModuleList(
            CrossLayer(dim, num_heads=num_heads, dropout=dropout) for _ in range(num_layers - 1)
        )

    def forward(
        self,
        text: Float[Tensor, "batch rows dim"],
        text_mask: Bool[Tensor, "batch rows"],
        image: VisualItems,
    ) -> Float[Tensor, "batch rows dim"]:
        """Return the text stream after all layers.

        Args:
            text: T, states of the text.
            text_mask: Real positions of the text.
            image: V, regions in the width of the text.
        """
        shared = self.bottlenecks.expand(text.shape[0], -1, -1)
        regions, has_image = image.values, image.mask.any(dim=1)[:, None, None]
        for index, layer in enumerate(self.text_layers):
            text, from_text = _exchange(layer, text, shared, text_mask)
            if index < len(self.image_layers):
                regions, from_image = _exchange(
                    self.image_layers[index], regions, shared, image.mask
                )
                shared = torch.where(has_image, (from_text + from_image) / 2, from_text)
        return text


def _exchange(
    layer: nn.Module, states: Tensor, shared: Tensor, mask: Tensor
) -> tuple[Tensor, Tensor]:
    """Run a layer over a stream and the shared tokens; return both parts."""
    joint = torch.cat([states, shared], dim=1)
    joint_mask = nn.functional.pad(mask, (0, shared.shape[1]), value=True)
    joint = layer(joint, joint, mask=joint_mask)
    return joint[:, : states.shape[1]], joint[:, states.shape[1] :]
