import resource
from pathlib import Path

import pytest
import torch

from gmf.core import memory
from gmf.core.memory import freed_memory_kept, give_back_memory


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


def resident_bytes():
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def test_kept_blocks_can_be_given_back():
    with freed_memory_kept() as is_kept:
        if not is_kept:
            pytest.skip("the C library is not glibc")
        torch.ones(64 << 20)
        kept = resident_bytes()
        give_back_memory()
        assert resident_bytes() < kept - (128 << 20)
