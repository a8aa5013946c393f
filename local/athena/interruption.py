"""Interrupting a statement, whichever of its steps it is in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

_AGAIN_SECONDS = 0.05


@contextmanager
def interruptible(cursor: duckdb.DuckDBPyConnection) -> Iterator[Callable[[], None]]:
    """A function that begins to interrupt what the cursor runs, and returns at once.

    DuckDB forgets an interrupt that comes between two of a cursor's queries. So it is repeated
    until the block is left.
    """
    left, lock = threading.Event(), threading.Lock()

    def repeat() -> None:
        while True:
            with lock:
                if left.is_set():
                    return
                cursor.interrupt()
            left.wait(_AGAIN_SECONDS)

    try:
        yield lambda: threading.Thread(target=repeat, daemon=True).start()
    finally:
        with lock:
            left.set()
