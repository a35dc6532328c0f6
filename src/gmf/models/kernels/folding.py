"""Batch normalisation of a frozen backbone, folded into the convolutions before it."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norm(model: nn.Module) -> None:
    """Fold fixed batch normalisation into convolutions, in place; outputs agree up to rounding.

    Only layers that hold a ``convolution`` and its ``normalization`` under these names are folded,
    as transformers' ResNet and MobileNets have them; whatever else there is stays as it is. Its
    plain twin is the model before folding.

    Args:
        model: In evaluation mode, and never to be trained again.
    """
    for layer in model.modules():
        convolution = getattr(layer, "convolution", None)
        normalisation = getattr(layer, "normalization", None)
        if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
            layer.convolution = fuse_conv_bn_eval(convolution, normalisation)
            layer.normalization = nn.Identity()
