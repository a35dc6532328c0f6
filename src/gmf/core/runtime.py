"""Devices, numeric precision, memory and seeds."""

import ctypes
import random
import sys
from typing import Literal

import numpy as np
import torch

Precision = Literal["auto", "fp32", "bf16"]


def resolve_precision(precision: Precision) -> Literal["fp32", "bf16"]:
    """Return the precision to compute in.

    ``auto`` takes bf16 where the hardware multiplies it (a CUDA device that says so, a CPU with
    AVX512-BF16 or AMX); elsewhere bf16 is emulated and many times slower than fp32.
    """
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
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


def keep_freed_memory() -> bool:
    """Let the C library keep freed memory for the next allocation of this process.

    A training step frees and asks for the same large arrays again, for example the gradient of the
    word embeddings. By default glibc takes each anew from the system, which clears it page by page:
    8 to 9% of the processor time of a step with MiniLM and MobileNetV2, at the same peak memory.

    Returns:
        Whether the C library is glibc and took it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    trim_threshold, top_pad, mmap_max = -1, -2, -4
    values = {mmap_max: 0, trim_threshold: 1 << 30, top_pad: 64 << 20}
    return all([mallopt(option, value) for option, value in values.items()])
