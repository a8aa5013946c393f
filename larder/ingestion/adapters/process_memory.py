"""Memory of a process that streams rows."""

from __future__ import annotations

import pyarrow as pa


def lean_memory() -> None:
    """Have Arrow give back what it frees: its own allocator keeps some 50 MB more for later use.

    For programs of their own alone, since it concerns all of a process.
    """
    pa.set_memory_pool(pa.system_memory_pool())
