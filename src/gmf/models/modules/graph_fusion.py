"""Graph fusion: words and objects exchange gated messages, layer by layer (UMGF)."""

from typing import cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gmf.models.modules.cross_attention import masked_softmax
from gmf.models.modules.initialisation import start_like_xavier
from gmf.models.modules.visual_inputs import VisualItems


class NodeAttention(nn.Module):
    """Self-attention among the nodes of one modality, with residual and norm.

    Args:
        dim: Width of a node.
        num_heads: Attention heads; divides ``dim``.
        dropout: Dropout of attention and output.
        project_values: Off attends over the nodes as they are, without value and output maps.
    """

    def __init__(self, dim: int, *, num_heads: int, dropout: float, project_values: bool) -> None:
        super().__init__()
        self.num_heads = num_heads
        # A bias of the keys shifts all scores of a query alike, which a softmax does not see.
        self.query, self.key = nn.Linear(dim, dim), nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim) if project_values else nn.Identity()
        self.mix = nn.Linear(dim, dim) if project_values else nn.Identity()
        self.dropout, self.norm = nn.Dropout(dropout), nn.LayerNorm(dim)

    def forward(
        self, nodes: Float[Tensor, "batch nodes dim"], mask: Bool[Tensor, "batch nodes"]
    ) -> Float[Tensor, "batch nodes dim"]:
        """Return the nodes after attending to those that are there."""
        query, key, value = (
            part(nodes).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        weights = self.dropout(masked_softmax(scores, mask[:, None, None, :]))
        attended = self.mix((weights @ value).transpose(1, 2).flatten(2))
        return self.norm(nodes + self.dropout(attended))


class GatedMessages(nn.Module):
    """Messages from the nodes of the other modality, then a feed-forward layer; residuals, norms.

    ``x_i + sum_j A_ij sigmoid(W [x_i ; o_j] + b) * o_j``.

    Args:
        dim: Width of a node.
        feed_forward: Width of the hidden feed-forward layer.
        dropout: Dropout of each residual branch.
    """

    def __init__(self, dim: int, *, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.own, self.other = nn.Linear(dim, dim), nn.Linear(dim, dim, bias=False)
        self.message_norm, self.norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.feed_forward = nn.Sequential(
            nn.Linear(dim, feed_forward), nn.ReLU(), nn.Linear(feed_forward, dim)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        nodes: Float[Tensor, "batch nodes dim"],
        others: Float[Tensor, "batch others dim"],
        mask: Bool[Tensor, "batch others"],
    ) -> Float[Tensor, "batch nodes dim"]:
        """Return the nodes after reading the others that are there."""
        gates = torch.sigmoid(self.own(nodes)[:, :, None] + self.other(others)[:, None])
        messages = (gates * (others * mask[:, :, None])[:, None]).sum(dim=2)
        nodes = self.message_norm(nodes + self.dropout(messages))
        return self.norm(nodes + self.dropout(self.feed_forward(nodes)))


class GraphFusion(nn.Module):
    """Stacked fusion layers over a graph that links every word to every object of its post.

    Source: UMGF (Zhang et al. 2021, Sect. 3.3) in the form of its public code. Departs from it:
    absent objects are masked; the object nodes of the last layer, which nothing would read, are not
    updated.

    Args:
        dim: Width of a node.
        num_layers: Fusion layers, at least 1.
        num_heads: Attention heads.
        feed_forward: Width of the hidden feed-forward layers.
        dropout: Dropout of attention and residual branches.

    Raises:
        ValueError: If there is no layer or the heads do not divide the width.
    """

    def __init__(
        self, dim: int, *, num_layers: int, num_heads: int, feed_forward: int, dropout: float
    ) -> None:
        super().__init__()
        if num_layers < 1 or num_heads < 1 or dim % num_heads:
            raise ValueError(
                f"num_layers {num_layers}: expected at least 1; "
                f"num_heads {num_heads}: expected a divisor of the width {dim}"
            )

        def attention(project_values: bool) -> nn.ModuleList:
            return nn.ModuleList(
                NodeAttention(
                    dim, num_heads=num_heads, dropout=dropout, project_values=project_values
                )
                for _ in range(num_layers)
            )

        def messages(count: int) -> nn.ModuleList:
            return nn.ModuleList(
                GatedMessages(dim, feed_forward=feed_forward, dropout=dropout) for _ in range(count)
            )

        self.text_attention, self.object_attention = attention(True), attention(False)
        self.to_text, self.to_objects = messages(num_layers), messages(num_layers - 1)

    def start_as_published(self) -> None:
        """Draw the weights as the public code of UMGF does, where all layers start alike.

        So do the maps of queries and keys; a gate's two maps are halves of one.
        """
        start_like_xavier(self)
        for layers in (self.to_text, self.to_objects):
            for layer in cast(list[GatedMessages], list(layers)):
                dim = layer.own.in_features
                joined = nn.init.xavier_uniform_(torch.empty(dim, 2 * dim))
                for part, half in zip(
                    (layer.own, layer.other), joined.chunk(2, dim=1), strict=True
                ):
                    part.weight.data = half.contiguous()
        for layers in (self.text_attention, self.object_attention):
            for layer in cast(list[NodeAttention], list(layers)):
                layer.key.weight.data = layer.query.weight.data.clone()
        for layers in self.children():
            first, *others = cast(nn.ModuleList, layers)
            for layer in others:
                layer.load_state_dict(first.state_dict())

    def forward(
        self,
        text: Float[Tensor, "batch rows dim"],
        text_mask: Bool[Tensor, "batch rows"],
        objects: VisualItems,
    ) -> Float[Tensor, "batch rows dim"]:
        """Return the text nodes after all layers.

        Args:
            text: Nodes of the text.
            text_mask: Which of them are real.
            objects: Nodes of the objects, in the same width.
        """
        nodes, mask = objects.values, objects.mask
        for index, to_text in enumerate(self.to_text):
            text = self.text_attention[index](text, text_mask)
            nodes = self.object_attention[index](nodes, mask)
            informed = to_text(text, nodes, mask)
            if index < len(self.to_objects):
                nodes = self.to_objects[index](nodes, text, text_mask)
            text = informed
        return text
