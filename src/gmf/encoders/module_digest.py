"""The digest of a module, whatever it was loaded from: what a cache of its outputs is keyed by."""

import hashlib

import torch
from torch import nn


def digest_of_module(module: nn.Module) -> str:
    """Return the sha256 over names, types, shapes and values of all parameters and buffers."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        tensor = value.detach().cpu().contiguous()
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
