import resource
from multiprocessing import get_context

import pytest
import torch

from gmf.core import memory
from gmf.core.memory import freed_memory_kept


def page_faults(times=4):
    torch.ones(16 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.ones(16 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def faults_outside_and_within():
    usual = page_faults()
    with freed_memory_kept() as is_kept:
        for _ in range(3):
            page_faults()
        return usual, page_faults() if is_kept else None


def test_blocks_are_used_again_within_the_context():
    # In a process of its own: what other tests have freed could serve blocks without a fault.
    with get_context("spawn").Pool(1) as pool:
        usual, kept = pool.apply(faults_outside_and_within)
    if kept is None:
        pytest.skip("the C library is not glibc")
    assert kept < usual / 4


def test_another_c_library_changes_nothing(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    with freed_memory_kept() as is_kept:
        assert not is_kept
