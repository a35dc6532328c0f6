"""Devices, numeric precision and seeds."""

import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch
from torch import nn

ComputedPrecision = Literal["fp32", "bf16"]
Precision = Literal["auto"] | ComputedPrecision


def resolve_precision(precision: Precision) -> ComputedPrecision:
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


@contextmanager
def computed_in(
    precision: ComputedPrecision, model: nn.Module, *, device: torch.device
) -> Generator[None]:
    """Let the forward pass of a model compute in a precision, weights and gradients staying fp32.

    Args:
        precision: ``bf16`` puts every call under autocast; ``fp32`` changes nothing.
        model: The model, also when something wraps it, as DistributedDataParallel does.
        device: Where it computes.
    """
    if precision == "fp32":
        yield
        return
    model.forward = torch.autocast(device.type, torch.bfloat16)(model.forward)
    try:
        yield
    finally:
        del model.forward
