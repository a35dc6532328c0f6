"""Where and how exactly PyTorch computes, by name; refused in one line where it cannot be."""

import os
from typing import TYPE_CHECKING, Literal, cast, get_args

from gmf.core.config import near_hint
from gmf.core.errors import ConfigError

if TYPE_CHECKING:
    import torch

ComputedPrecision = Literal["fp32", "bf16"]
#: ``auto`` is bf16 where the hardware multiplies it, else fp32.
Precision = Literal["auto", "fp32", "bf16"]
#: Environment variable that names the device of ``auto``; Accelerate reads it, too, and cannot be
#: told in another way before it is made.
CHOSEN = "ACCELERATE_TORCH_DEVICE"


def check_precision(name: str) -> Precision:
    """Return the name of a precision.

    Raises:
        ConfigError: If it is none.
    """
    names = get_args(Precision)
    if name not in names:
        expected = ", ".join(names)
        raise ConfigError(f"precision {name!r}: expected {expected}{near_hint(name, names)}")
    return cast(Precision, name)


def cpu_threads() -> int:
    """Return how many threads this process computes with on a CPU; 0 lets a runtime choose.

    For ONNX Runtime, which takes all cores of a machine: ``OMP_NUM_THREADS`` says it, as it does
    for PyTorch, else the cores that the process may run on, where these are fewer.
    """
    stated = os.environ.get("OMP_NUM_THREADS", "")
    if stated.isdecimal():
        return int(stated)
    cores = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    return usable if usable < cores else 0


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
        usual = "cuda" if torch.cuda.is_available() else "cpu"
        name = os.environ.get(CHOSEN) or usual
    try:
        device = torch.device(name)
        torch.empty(1, device=device).cpu()  # The meta device computes nothing.
    except Exception as error:  # Each backend raises a type of its own.
        there = ", ".join(available_devices())
        raise ConfigError(
            f"device {name!r}: not available here; this machine has {there}"
        ) from error
    return device


def compute_on(name: str) -> None:
    """Let this process, and those that it starts, compute on a device unless another is named.

    Args:
        name: See ``torch_device``; ``auto`` changes nothing.

    Raises:
        ConfigError: If it is not there.
    """
    if name != "auto":
        os.environ[CHOSEN] = str(torch_device(name))


def available_devices() -> list[str]:
    """Return the names of the devices in this machine that PyTorch can use, ``cpu`` first."""
    import torch

    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]
