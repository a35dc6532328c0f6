"""Devices, numeric precision and seeds."""

import random

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
