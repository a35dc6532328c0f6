"""Linear maps that are too small to be called one by one."""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn


def plain_linears(
    inputs: Float[Tensor, "rows dim"], layers: nn.ModuleList
) -> Float[Tensor, "layers rows out"]:
    """Return what each of several linear layers of one shape makes of the same inputs."""
    return torch.stack([layer(inputs) for layer in layers])


def fast_linears(
    inputs: Float[Tensor, "rows dim"], layers: nn.ModuleList
) -> Float[Tensor, "layers rows out"]:
    """Return what ``plain_linears`` returns, by one product."""
    linears = [cast(nn.Linear, layer) for layer in layers]
    weight = torch.cat([linear.weight for linear in linears])
    bias = torch.cat([linear.bias for linear in linears])
    outputs = nn.functional.linear(inputs, weight, bias)
    return outputs.unflatten(1, (len(linears), -1)).transpose(0, 1)


def plain_pointwise(
    convolution: nn.Conv2d, maps: Float[Tensor, "views channels height width"]
) -> Float[Tensor, "views cells out"]:
    """Return a 1 x 1 convolution of maps, its positions row by row."""
    return convolution(maps).flatten(2).mT


def fast_pointwise(
    convolution: nn.Conv2d, maps: Float[Tensor, "views channels height width"]
) -> Float[Tensor, "views cells out"]:
    """Return what ``plain_pointwise`` returns, by one product: faster where positions are few."""
    weight = convolution.weight.flatten(1)
    return nn.functional.linear(maps.flatten(2).mT, weight, convolution.bias)
