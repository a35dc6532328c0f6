"""Memory that a process frees is used again by it."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys, torch
from gmf.core.runtime import keep_freed_memory
kept = keep_freed_memory() if sys.argv[1] == "keep" else True
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    torch.zeros(16_000_000)
before = faults()
for _ in range(10):
    torch.zeros(16_000_000)
print(kept, faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_large_arrays_are_not_taken_anew_from_the_system():
    def run(mode: str) -> tuple[str, int]:
        command = [sys.executable, "-c", FAULTS, mode]
        kept, faults = subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.split()
        return kept, int(faults)

    assert run("default")[1] > 100_000
    kept, faults = run("keep")
    assert kept == "True"
    assert faults < 10_000
