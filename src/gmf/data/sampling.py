"""Batches of posts of like length, the same ones for the same seed and epoch."""

import random
from collections.abc import Iterator, Sequence

from torch.utils.data import Sampler

#: Batches that are sorted together: long enough to save padding, short enough to stay random.
POOL_BATCHES = 50


def batches(
    lengths: Sequence[int],
    *,
    batch_size: int,
    seed: int = 0,
    epoch: int = 0,
    shuffle: bool = True,
) -> list[list[int]]:
    """Group sample indices into batches of like length.

    Shuffled: samples are shuffled, sorted by length within pools, cut into batches, and the batches
    shuffled. Not shuffled: sorted by length, longest first, so that a lack of memory shows at once.
    Batch sizes differ by at most one within a pool, so that no tiny batch is left over.

    Args:
        lengths: Words of each sample.
        batch_size: Largest batch.
        seed: Decides the order, together with the epoch.
        epoch: From 0.
        shuffle: False for evaluation.

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
    dice.shuffle(order)
    pool_size = batch_size * POOL_BATCHES
    num_pools = -(-len(order) // pool_size)
    pools = [
        order[n * len(order) // num_pools : (n + 1) * len(order) // num_pools]
        for n in range(num_pools)
    ]
    found = [
        batch
        for pool in pools
        for batch in _cut(sorted(pool, key=lambda index: lengths[index]), batch_size)
    ]
    dice.shuffle(found)
    return found


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


class BucketSampler(Sampler[list[int]]):
    """Batch sampler for a ``DataLoader``; one process sees its share of each global batch.

    Args:
        lengths: Words of each sample.
        batch_size: Largest global batch, over all processes.
        seed: Decides the order, together with the epoch.
        shuffle: False for evaluation.
        rank: This process.
        world_size: Number of processes.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        *,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.lengths, self.batch_size, self.seed = list(lengths), batch_size, seed
        self.shuffle, self.rank, self.world_size = shuffle, rank, world_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass."""
        self.epoch = epoch

    def global_batches(self) -> list[list[int]]:
        """Return the batches of this epoch over all processes."""
        return batches(
            self.lengths,
            batch_size=self.batch_size,
            seed=self.seed,
            epoch=self.epoch,
            shuffle=self.shuffle,
        )

    def __iter__(self) -> Iterator[list[int]]:
        for batch in self.global_batches():
            yield share_of(batch, rank=self.rank, world_size=self.world_size)

    def __len__(self) -> int:
        return len(self.global_batches())


def _cut(order: list[int], batch_size: int) -> list[list[int]]:
    number = -(-len(order) // batch_size)
    return [order[n * len(order) // number : (n + 1) * len(order) // number] for n in range(number)]
