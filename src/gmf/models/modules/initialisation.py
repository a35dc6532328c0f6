"""Initial weights of new layers as public code draws them; encoders and CRF keep their own."""

from collections.abc import Iterator

from torch import nn


def start_like_bert(module: nn.Module) -> None:
    """Draw the weights of linear layers from N(0, 0.02) and set their biases to zero.

    Source: ``init_bert_weights`` of the public code of UMT and MAF.
    """
    for layer in _linear_layers(module):
        nn.init.normal_(layer.weight, std=0.02)


def start_like_xavier(module: nn.Module) -> None:
    """Draw the weights of linear layers uniformly as Xavier does and set their biases to zero.

    Source: ``Linear`` of the public code of UMGF.
    """
    for layer in _linear_layers(module):
        nn.init.xavier_uniform_(layer.weight)


def _linear_layers(module: nn.Module) -> Iterator[nn.Linear]:
    """Yield the linear layers, their biases set to zero."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            if "bias" in dict(layer.named_parameters()):
                nn.init.zeros_(layer.bias)
            yield layer
