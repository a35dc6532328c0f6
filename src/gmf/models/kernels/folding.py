"""Batch normalisation of a frozen backbone, folded into the convolutions before it."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def plain_normalised(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Module:
    """Return a convolution and the fixed normalisation after it, as one module."""
    return nn.Sequential(convolution, norm)


def fast_normalised(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Module:
    """Return what computes as ``plain_normalised`` does, by one convolution.

    Both are in evaluation mode, and never trained again.
    """
    return fuse_conv_bn_eval(convolution, norm)


def fold_batch_norm(model: nn.Module) -> None:
    """Fold fixed batch normalisation into convolutions, in place; outputs agree up to rounding.

    Only layers that hold a ``convolution`` and its ``normalization`` under these names are folded,
    as transformers' ResNet and MobileNets have them; whatever else there is stays as it is.

    Args:
        model: In evaluation mode, and never to be trained again.
    """
    for layer in model.modules():
        convolution = getattr(layer, "convolution", None)
        norm = getattr(layer, "normalization", None)
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            layer.convolution = fast_normalised(convolution, norm)
            layer.normalization = nn.Identity()
