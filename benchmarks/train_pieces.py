"""Milliseconds of the pieces of a training step that are ours, beside torch's own.

    python benchmarks/train_pieces.py --threads 2 > benchmarks/results/train-pieces.md

Each row runs a piece forward and backward (the mean of a map, to 1 x 1, forward only, as its
backbone is frozen) on the shapes of BERT-base and ResNet-50 at batch 16 (a post of 27 subwords, 16
clues), ours and torch's in turn, and prints the median of each.
"""

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn

from gmf.models.kernels.dropout import fast_dropout
from gmf.models.kernels.pooling import CellPool
from gmf.models.modules.visual_clue_guidance import clue_attention
from gmf.models.runtime import resolve_precision

BATCH, SUBWORDS, CLUES, HEADS, HEAD_DIM, P = 16, 27, 16, 12, 64, 0.1
MAPS = ((256, 56), (512, 28), (1024, 14), (2048, 7))
ORDERS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}
Piece = tuple[str, tuple[Tensor, ...], Callable[..., Tensor], Callable[..., Tensor]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    has_bf16 = resolve_precision("auto") == "bf16"
    dtypes = (torch.bfloat16, torch.float32) if has_bf16 else (torch.float32,)
    pieces = [(dtype, piece) for dtype in dtypes for piece in every_piece(dtype)]
    print(f"# Pieces of a training step, {options.threads} thread(s), median milliseconds\n")
    print("| piece | precision | torch | ours | ratio |\n| --- | --- | ---: | ---: | ---: |")
    for dtype, (name, inputs, ours, torchs) in track(pieces, console=Console(file=sys.stderr)):
        own, theirs = times(inputs, ours, torchs, rounds=options.rounds)
        kind = str(dtype).removeprefix("torch.")
        print(f"| {name} | {kind} | {theirs:.2f} | {own:.2f} | {theirs / own:.1f} |", flush=True)


def every_piece(dtype: torch.dtype) -> list[Piece]:
    states = torch.randn(BATCH, SUBWORDS, HEADS * HEAD_DIM, dtype=dtype)
    query = torch.randn(BATCH, HEADS, SUBWORDS, HEAD_DIM, dtype=dtype)
    key = torch.randn(BATCH, HEADS, SUBWORDS + CLUES, HEAD_DIM, dtype=dtype)
    for trained in (states, query, key):
        trained.requires_grad_()
    bias = torch.zeros(BATCH, 1, 1, SUBWORDS + CLUES, dtype=dtype)
    pieces: list[Piece] = [
        (
            "dropout of states",
            (states,),
            lambda x: fast_dropout(x, P, training=True),
            lambda x: nn.functional.dropout(x, P),
        ),
        (
            "attention with dropout",
            (query, key),
            lambda q, k: clue_attention(q, k, k, bias, scale=HEAD_DIM**-0.5, dropout=P),
            lambda q, k: nn.functional.scaled_dot_product_attention(q, k, k, bias, P),
        ),
    ]
    for channels, side in MAPS:
        for order, memory_format in ORDERS.items():
            maps = torch.randn(64, channels, side, side, dtype=dtype)
            maps = maps.contiguous(memory_format=memory_format)
            for views, cells in ((64, 1), (8, 2)):
                name = f"{views} x {channels} x {side} x {side} to {cells} x {cells}, {order}"
                pool = nn.AdaptiveAvgPool2d(cells)
                # Maps of a frozen backbone want no gradient, and nothing trains before their mean.
                part = maps[:views].detach().requires_grad_(cells > 1)
                pieces.append((name, (part,), CellPool(cells), pool))
    return pieces


def times(
    inputs: tuple[Tensor, ...],
    ours: Callable[..., Tensor],
    torchs: Callable[..., Tensor],
    *,
    rounds: int,
) -> tuple[float, float]:
    """Return the median milliseconds of both, run in turn."""
    gradient = torch.randn_like(torchs(*inputs))
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 3):
        for piece, seconds in zip((ours, torchs), taken, strict=True):
            began = time.perf_counter()
            result = piece(*inputs)
            if result.requires_grad:
                result.backward(gradient)
            seconds.append(time.perf_counter() - began)
    own, theirs = (1000 * median(seconds[3:]) for seconds in taken)
    return own, theirs


if __name__ == "__main__":
    main()
