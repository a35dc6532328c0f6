"""Batches of posts of like length, the same ones for the same seed and epoch."""

import random
from collections.abc import Mapping, Sequence
from typing import Literal

#: What decides which samples share a batch, see ``TrainingConfig``.
BatchOrder = Literal["length", "random", "file"]
#: Batches that are sorted together: long enough to save padding, short enough to stay random.
POOL_BATCHES = 50


def batches(
    lengths: Sequence[int],
    *,
    batch_size: int,
    seed: int = 0,
    epoch: int = 0,
    shuffle: bool = True,
    by: BatchOrder = "length",
) -> list[list[int]]:
    """Group sample indices into batches of like length.

    Shuffled: samples are shuffled, sorted by length within pools, cut into batches, and the batches
    shuffled. Not shuffled: sorted by length, longest first, so that a lack of memory shows at once.
    Batch sizes differ by at most one within a pool, so that no tiny batch is left over. In any
    other order than that of length, batches are full but for the last, as ``DataLoader`` cuts them.

    Args:
        lengths: Length of each sample, as its model reads it (``Collator.lengths``).
        batch_size: Largest batch.
        seed: Decides the order, together with the epoch.
        epoch: From 0.
        shuffle: False for evaluation.
        by: What decides which samples share a batch of training.

    Returns:
        Every index exactly once.

    Raises:
        ValueError: If ``batch_size`` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size {batch_size}: expected at least 1")
    order = list(range(len(lengths)))
    if not shuffle:
        return _cut(sorted(order, key=lambda index: (-lengths[index], index)), batch_size)
    dice = random.Random(f"{seed}/{epoch}")
    if by != "file":
        dice.shuffle(order)
    if by != "length":
        return [order[n : n + batch_size] for n in range(0, len(order), batch_size)]
    pool_size = batch_size * POOL_BATCHES
    num_pools = -(-len(order) // pool_size)
    pools = [
        order[n * len(order) // num_pools : (n + 1) * len(order) // num_pools]
        for n in range(num_pools)
    ]
    batches = [
        batch
        for pool in pools
        for batch in _cut(sorted(pool, key=lambda index: lengths[index]), batch_size)
    ]
    dice.shuffle(batches)
    return batches


def mixed(
    corpora: Sequence[str], shares: Mapping[str, float], *, seed: int = 0, epoch: int = 0
) -> list[int]:
    """Return the samples of one epoch: of each corpus its share, as many as there are in all.

    A corpus is gone through in random order, again and again if its share asks for more, so that
    every sample of it comes equally often but for one.

    Args:
        corpora: Name of the corpus of each sample.
        shares: Share of each, in any unit.
        seed: Decides the order, together with the epoch.
        epoch: From 0.
    """
    total, drawn = sum(shares.values()), list[int]()
    for name, share in shares.items():
        own = [index for index, corpus in enumerate(corpora) if corpus == name]
        first = round(epoch * share / total * len(corpora)) if own else 0
        last = round((epoch + 1) * share / total * len(corpora)) if own else 0
        passes = {
            number: random.Random(f"{seed}/{name}/{number}").sample(own, len(own))
            for number in range(first // max(len(own), 1), last // max(len(own), 1) + 1)
        }
        drawn += [passes[at // len(own)][at % len(own)] for at in range(first, last)]
    return drawn


def share_of(batch: Sequence[int], *, rank: int, world_size: int) -> list[int]:
    """Return one process's part of a global batch: every ``world_size``-th sample.

    The parts are disjoint, together make up the batch, and differ by at most one in size; a part is
    empty when the batch is smaller than ``world_size``.

    Raises:
        ValueError: If the rank is not below ``world_size``.
    """
    if not 0 <= rank < world_size:
        raise ValueError(f"rank {rank}: expected 0 <= rank < world_size, {world_size}")
    return list(batch[rank::world_size])


def _cut(order: list[int], batch_size: int) -> list[list[int]]:
    number = -(-len(order) // batch_size)
    return [order[n * len(order) // number : (n + 1) * len(order) // number] for n in range(number)]
