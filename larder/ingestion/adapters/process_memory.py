"""Memory of a process that streams rows."""

from __future__ import annotations

import contextlib
import ctypes

import pyarrow as pa

_M_ARENA_MAX = -8
"""Of glibc's ``malloc.h``."""


def lean_memory() -> None:
    """Have freed memory given back: Arrow's own allocator keeps some 50 MB more for later use.

    The C library keeps an arena for each thread, some 20 MB in all; one is enough. For programs of
    their own alone, since it concerns all of a process.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    with contextlib.suppress(AttributeError, OSError):  # a C library other than glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
