"""Devices, numeric precision and seeds."""

import os
import random
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from gmf.core.device import ComputedPrecision, Precision


def resolve_precision(
    precision: Precision, device: torch.device | None = None
) -> ComputedPrecision:
    """Return the precision to compute in.

    ``auto`` takes bf16 where the hardware multiplies it (a CUDA device that says so, a CPU with
    AVX512-BF16 or AMX); elsewhere bf16 is emulated and many times slower than fp32.

    Args:
        precision: What is asked for.
        device: Where is computed; ``None`` for a GPU if there is one.
    """
    if precision != "auto":
        return precision
    if torch.cuda.is_available() if device is None else device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device is not None and device.type != "cpu":
        return "fp32"
    capable = torch.cpu.get_capabilities()
    return "bf16" if capable.get("avx512_bf16") or capable.get("amx_bf16") else "fp32"


def seed_everything(*parts: int) -> None:
    """Seed Python, NumPy and torch from several numbers (for example a seed and an epoch).

    The same numbers give the same stream in every process and after every resume.
    """
    seed = int(np.random.SeedSequence(parts).generate_state(1)[0])
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def computing_in(precision: ComputedPrecision, device: torch.device) -> torch.autocast:
    """Return a context in which forward passes compute in a precision, weights staying fp32.

    Args:
        precision: ``bf16`` switches autocast on, ``fp32`` switches it off.
        device: Where is computed.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def uses_tf32(device: torch.device) -> bool:
    """Return whether fp32 is computed in TF32 there, which has ten bits of mantissa.

    Where torch is not told otherwise, a GPU's convolutions are, and its matrix products are not.
    """
    backends: Any = torch.backends
    settings = backends.cudnn.conv.fp32_precision, backends.cuda.matmul.fp32_precision
    return device.type == "cuda" and "tf32" in settings


@contextmanager
def deterministic(active: bool) -> Generator[None]:
    """Let an accelerator compute the same numbers every time, which takes longer.

    A CPU does so anyway. An operation that has no such way raises a RuntimeError.

    Args:
        active: Whether to; otherwise nothing is changed.
    """
    if not active:
        yield
        return
    # cuBLAS reads it when it first computes.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which autocast, if it is on, leaves the types of tensors alone."""
    kind = device.type
    has_autocast = torch.amp.is_autocast_available(kind)
    return torch.autocast(kind, enabled=False) if has_autocast else nullcontext()


def autocast_type(device: torch.device) -> torch.dtype | None:
    """Return the type that autocast converts to on a device; ``None`` where it is not on."""
    kind = device.type
    if not torch.amp.is_autocast_available(kind) or not torch.is_autocast_enabled(kind):
        return None
    return torch.get_autocast_dtype(kind)
