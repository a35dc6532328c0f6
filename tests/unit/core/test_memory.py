import subprocess
import sys

import pytest

from gmf.core import memory
from gmf.core.memory import freed_memory_kept

FAULTS = """
import resource
import torch
from gmf.core.memory import freed_memory_kept

def page_faults(times=4):
    torch.ones(16 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.ones(16 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

usual = page_faults()
with freed_memory_kept() as is_kept:
    for _ in range(3):
        page_faults()
    print(int(is_kept), usual, page_faults())
"""


def test_blocks_are_used_again_within_the_context():
    # In a process of its own: what other tests have freed could serve blocks without a fault.
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True
    )
    is_kept, usual, kept = map(int, done.stdout.split())
    if not is_kept:
        pytest.skip("the C library is not glibc")
    assert kept < usual / 4


def test_another_c_library_changes_nothing(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    with freed_memory_kept() as is_kept:
        assert not is_kept
