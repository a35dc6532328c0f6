"""Dropout that draws its mask fast on a CPU."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

#: Random bits that decide on one element.
_BITS = 16


def plain_dropout(
    values: Float[Tensor, "*shape"], probability: float, *, training: bool
) -> Float[Tensor, "*shape"]:
    """Zero each element with a probability and scale the others: torch's own."""
    return nn.functional.dropout(values, probability, training)


def fast_dropout(
    values: Float[Tensor, "*shape"], probability: float, *, training: bool
) -> Float[Tensor, "*shape"]:
    """Zero each element with a probability and scale the others, as ``plain_dropout`` does.

    On a CPU torch draws each element of a mask on its own and on one core. Here four elements share
    one draw of 64 bits from a faster generator, seeded by torch's; what it gains stands in
    benchmarks/results/train-pieces.md. Elsewhere this is torch's own.

    Args:
        values: What to drop from.
        probability: Of being dropped, in [0, 1); rounded to 1 / 65,536 on a CPU.
        training: Nothing is dropped when it is false.
    """
    if values.device.type != "cpu" or not training or not probability:
        return plain_dropout(values, probability, training=training)
    count = values.numel()
    generator = np.random.SFC64(int(torch.randint(2**63 - 1, ())))
    words = generator.random_raw(-(-count * _BITS // 64))
    draws = torch.from_numpy(words.view(np.int16))[:count].view(values.shape)
    dropped = min(round(probability * 2**_BITS), 2**_BITS - 1)
    # Written as numbers at once; converting truth values takes longer.
    mask = torch.ge(draws, dropped - 2 ** (_BITS - 1), out=torch.empty_like(values))
    return values * mask.mul_(2**_BITS / (2**_BITS - dropped))


class Dropout(nn.Dropout):
    """``torch.nn.Dropout`` with the mask of ``fast_dropout``."""

    def forward(self, input: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return the input with some elements zeroed; see ``fast_dropout``."""
        return fast_dropout(input, self.p, training=self.training)


def use_fast_dropout(model: nn.Module) -> None:
    """Give a model built elsewhere, such as one of transformers, the fast dropout throughout."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, Dropout(child.p))
