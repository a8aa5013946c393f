"""``python -m benchmarks.bulk_load SOURCE HOST:PORT``: newest versions in Parquet into Valkey.

A process of its own: its memory is that work's alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.fs

from benchmarks.bulk_group import Start, group
from larder.ingestion.adapters.process_memory import lean_memory
from larder.ingestion.adapters.versions import VersionRows
from larder.materialization.adapters.memory_entries import Entries
from larder.materialization.adapters.memory_load import MemoryLoader
from larder.tabular.files import ParquetRows
from larder.valkey import Valkey, ValkeyEndpoint

_ROWS = 8192
_AHEAD_MS = 600_000
"""No DynamoDB confirms these rows, so none of them may be too late for its confirmation."""


def load(source: Path, address: str) -> None:
    """Load a table of newest versions into Valkey, and print what that took."""
    of = group()
    rows = VersionRows(of, recorded=True)
    valkey = Valkey(ValkeyEndpoint.at(address, tls=False, ca_bundle=None))
    confirmed_ms = time.time() * 1000 + _AHEAD_MS
    start = Start()
    with closing(ParquetRows.open(pyarrow.fs.LocalFileSystem(), str(source), _ROWS)) as file:

        def tables() -> Iterator[tuple[Any, float]]:
            for batch in file:
                yield rows.latest(batch.rows), confirmed_ms

        counts = MemoryLoader(valkey, Entries(of, offline=2)).load(tables())
    start.tell()
    if counts.missed or counts.kept:
        raise RuntimeError(f"not all entries were written: {counts}")


if __name__ == "__main__":
    lean_memory()
    load(Path(sys.argv[1]), sys.argv[2])
