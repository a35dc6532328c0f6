"""Where PyTorch computes: a device by name, refused in one line where it is not there."""

from typing import TYPE_CHECKING

from gmf.core.errors import ConfigError

if TYPE_CHECKING:
    import torch


def torch_device(name: str = "auto") -> "torch.device":
    """Return a device on which a tensor can be made.

    Args:
        name: ``auto`` takes a GPU when there is one; or ``cpu``, ``cuda``, ``cuda:1``, ``mps``, ...

    Raises:
        ConfigError: If PyTorch does not know such a device, or it is not in this machine; names
            those that are.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device).cpu()  # The meta device computes nothing.
    except Exception as error:  # Each backend raises a type of its own.
        there = ", ".join(available_devices())
        raise ConfigError(
            f"device {name!r}: not available here; this machine has {there}"
        ) from error
    return device


def available_devices() -> list[str]:
    """Return the names of the devices in this machine that PyTorch can use, ``cpu`` first."""
    import torch

    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]
