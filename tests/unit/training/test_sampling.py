import random
from collections import Counter

import pytest

from gmf.training.sampling import batches, mixed, share_of

LENGTHS = [random.Random(1).randint(1, 40) for _ in range(1003)]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("size", [1, 7, 16, 2000])
def test_every_sample_once_in_even_batches(shuffle, size):
    found = batches(LENGTHS, batch_size=size, seed=3, epoch=1, shuffle=shuffle)
    assert sorted(i for batch in found for i in batch) == list(range(len(LENGTHS)))
    assert max(map(len, found)) <= size
    assert min(map(len, found)) >= max(1, size // 2 if size < 1000 else 1)


def test_order_depends_on_seed_and_epoch_only():
    def order(seed, epoch):
        return batches(LENGTHS, batch_size=16, seed=seed, epoch=epoch)

    assert order(1, 0) == order(1, 0)
    assert len({str(order(s, e)) for s in (1, 2) for e in (0, 1, 11)}) == 6


def test_shuffled_batches_hold_like_lengths():
    found = batches(LENGTHS, batch_size=16)
    padded = sum(max(LENGTHS[i] for i in batch) * len(batch) for batch in found)
    assert padded < 1.1 * sum(LENGTHS)


def test_evaluation_starts_with_the_longest():
    found = batches(LENGTHS, batch_size=16, shuffle=False)
    flat = [LENGTHS[i] for batch in found for i in batch]
    assert flat == sorted(LENGTHS, reverse=True)


def test_shares_make_up_the_global_batch():
    batch = [5, 3, 9, 1, 4]
    shares = [share_of(batch, rank=rank, world_size=3) for rank in range(3)]
    assert sorted(index for share in shares for index in share) == sorted(batch)
    assert [len(share) for share in shares] == [2, 2, 1]
    with pytest.raises(ValueError, match="rank 3: expected 0 <= rank < world_size, 3"):
        share_of(batch, rank=3, world_size=3)


def test_empty_split_and_bad_size():
    assert batches([], batch_size=4) == []
    with pytest.raises(ValueError, match="batch_size 0: expected at least 1"):
        batches([1], batch_size=0)


def test_batches_at_random_are_full_and_ignore_the_length():
    lengths = list(range(40))
    found = batches(lengths, batch_size=16, by="random", seed=1)
    assert [len(batch) for batch in found] == [16, 16, 8]
    assert sorted(index for batch in found for index in batch) == lengths
    assert all(max(batch) - min(batch) > 16 for batch in found[:2])
    assert found != batches(lengths, batch_size=16, by="random", seed=1, epoch=1)
    assert found == batches(lengths, batch_size=16, by="random", seed=1)


def test_batches_in_the_order_of_the_file_are_the_same_in_every_epoch():
    for epoch in (0, 1):
        found = batches([3, 1, 2, 5, 4], batch_size=2, by="file", epoch=epoch)
        assert found == [[0, 1], [2, 3], [4]]


def test_samples_and_batches_both_come_in_random_order():
    alike = batches([5] * 64, batch_size=4, seed=1)
    assert all(batch != sorted(batch) or batch[-1] - batch[0] > 3 for batch in alike)
    lengths = list(range(64))
    first = [min(batch) for batch in batches(lengths, batch_size=4, seed=1)]
    assert first != sorted(first)


def test_a_mix_gives_each_corpus_its_share_and_leaves_no_sample_behind():
    corpora = ["small"] * 10 + ["large"] * 90
    epochs = [mixed(corpora, {"small": 1, "large": 1}, seed=3, epoch=epoch) for epoch in range(9)]
    for drawn in epochs:
        assert Counter(corpora[index] for index in drawn) == {"small": 50, "large": 50}
    times = Counter(index for drawn in epochs for index in drawn)
    assert set(times.values()) == {45, 5}
    assert epochs[0] != epochs[1]
    assert epochs[1] == mixed(corpora, {"small": 1, "large": 1}, seed=3, epoch=1)
