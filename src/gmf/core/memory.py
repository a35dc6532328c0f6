"""Freed memory that the process keeps for its next step instead of giving it back."""

import ctypes
import sys
from collections.abc import Generator
from contextlib import contextmanager

# Numbers of the parameters in glibc's malloc.h, and the largest values that its own adaptation
# would reach on a 64-bit system (mallopt(3)).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_USUAL_MMAP_BYTES = 32 << 20
_NEVER = 2**31 - 1


@contextmanager
def freed_memory_kept() -> Generator[bool]:
    """Let large blocks that are freed within the context be used again without a page fault.

    Each step frees and asks for the same gradients and activations. By default glibc returns
    blocks of this size to the system, which must map and zero every page anew. Without glibc
    nothing changes. When the context ends the usual limits hold again, and what can be is given
    back. It is the process's own setting, so only what starts a process's work enters it.

    Yields:
        Whether the C library could be told.
    """
    libc = _glibc()
    if libc is None:
        yield False
        return
    accepted = [libc.mallopt(kind, _NEVER) for kind in (_MMAP_THRESHOLD, _TRIM_THRESHOLD)]
    try:
        yield all(accepted)
    finally:
        libc.mallopt(_MMAP_THRESHOLD, _USUAL_MMAP_BYTES)
        libc.mallopt(_TRIM_THRESHOLD, 2 * _USUAL_MMAP_BYTES)
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None
