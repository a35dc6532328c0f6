"""Bidirectional LSTMs over rows of different length."""

from contextlib import nullcontext

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gmf.models.runtime import without_autocast


def run_lstm(
    lstm: nn.LSTM, vectors: Float[Tensor, "batch rows dim"], mask: Bool[Tensor, "batch rows"]
) -> Float[Tensor, "batch rows hidden"]:
    """Run an LSTM over rows of different length; what lies beyond a row's end has no influence.

    An accelerator computes it in single precision whatever else is computed in: errors of a low one
    add up over a row, and cuDNN has learnt bf16 only lately.

    Args:
        lstm: A bidirectional LSTM.
        vectors: What it reads.
        mask: Which vectors are there, a prefix of each row; best on the CPU, where lengths are
            needed.
    """
    device, lengths = vectors.device, mask.sum(dim=1).clamp(min=1).cpu()
    order = lengths.argsort(descending=True)
    chosen, back = (part.to(device, non_blocking=True) for part in (order, order.argsort()))
    is_cpu = device.type == "cpu"
    with nullcontext() if is_cpu else without_autocast(device):
        rows = vectors if is_cpu else vectors.to(next(lstm.parameters()).dtype)
        packed = pack_padded_sequence(rows[chosen], lengths[order], batch_first=True)
        states, _ = pad_packed_sequence(
            lstm(packed)[0], batch_first=True, total_length=vectors.shape[1]
        )
    return states[back] * mask.to(device, non_blocking=True)[:, :, None].to(states)


def last_states(
    states: Float[Tensor, "batch rows hidden"], mask: Bool[Tensor, "batch rows"]
) -> Float[Tensor, "batch hidden"]:
    """Return the final state of each direction of a bidirectional LSTM, side by side."""
    ends = (mask.sum(dim=1) - 1).clamp(min=0).to(states.device, non_blocking=True)
    forward, backward = states.chunk(2, dim=-1)
    rows = torch.arange(len(states), device=states.device)
    return torch.cat([forward[rows, ends], backward[:, 0]], dim=-1)
