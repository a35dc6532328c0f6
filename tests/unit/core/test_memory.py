import resource

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


def test_blocks_are_used_again_within_the_context():
    usual = page_faults()
    with freed_memory_kept() as is_kept:
        if not is_kept:
            pytest.skip("the C library is not glibc")
        page_faults()
        assert page_faults() < usual / 4


def test_another_c_library_changes_nothing(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    with freed_memory_kept() as is_kept:
        assert not is_kept
