"""Bidirectional LSTMs over rows of different length."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def run_lstm(
    lstm: nn.LSTM, vectors: Float[Tensor, "batch rows dim"], mask: Bool[Tensor, "batch rows"]
) -> Float[Tensor, "batch rows hidden"]:
    """Run an LSTM over rows of different length; what lies beyond a row's end has no influence."""
    lengths = mask.sum(dim=1).clamp(min=1).cpu()
    packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
    states, _ = pad_packed_sequence(
        lstm(packed)[0], batch_first=True, total_length=vectors.shape[1]
    )
    return states * mask[:, :, None].to(states)


def last_states(
    states: Float[Tensor, "batch rows hidden"], mask: Bool[Tensor, "batch rows"]
) -> Float[Tensor, "batch hidden"]:
    """Return the final state of each direction of a bidirectional LSTM, side by side."""
    ends = (mask.sum(dim=1) - 1).clamp(min=0).to(states.device)
    forward, backward = states.chunk(2, dim=-1)
    rows = torch.arange(len(states), device=states.device)
    return torch.cat([forward[rows, ends], backward[:, 0]], dim=-1)
