"""The newest version of each record among many rows, by way of files and in bounded memory."""

# ruff: noqa: S608 - the only names in the statements are our own
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from larder.groups.feature_group import FeatureGroup
from larder.ingestion.adapters.rows import PACKED, ROW
from larder.ingestion.adapters.versions import VersionRows
from larder.ingestion.ports import Run
from larder.records.record import RecordVersion, Slot

Arrow = Any  # pyarrow is untyped
_MEMORY = "256MB"
_BATCH_ROWS = 8192
_ORDER = "(CAST(high AS HUGEINT) * 1000000000 + coalesce(low, 0)) * 10000000000 + written - {0}"
"""Event time, then place in the source: one number of fixed size, so that maxima can spill."""


@dataclass(slots=True)
class NewestRows:
    """Implements ``larder.ingestion.ports.NewestVersions``."""

    rows: VersionRows
    run: Run
    folder: Path
    _files: list[str] = field(default_factory=list)

    def add(self, rows: Sequence[Arrow]) -> None:
        table = pa.concat_tables(rows).combine_chunks()
        path = self.folder / f"rows-{len(self._files):06}.parquet"
        written = pc.add(table.column(ROW), self.run.first_write_time)
        keyed = self.rows.keyed(table, written, table.column(PACKED))
        pq.write_table(keyed, path, compression="zstd")
        self._files.append(str(path))

    def count(self) -> int:
        if not self._files:
            return 0
        with self._duck() as duck:
            found = duck.execute(f"SELECT count(DISTINCT identifier) FROM {self._source()}")
            return int(found.fetchone()[0])

    def versions(self, after: int | None) -> Iterator[tuple[Slot, RecordVersion]]:
        if not self._files:
            return
        first = self.run.first_write_time
        order = _ORDER.format(first)
        best = f"SELECT arg_max(written, {order}) FROM {self._source()} GROUP BY identifier"
        query = (
            f"SELECT identifier, high, low, written, packed FROM {self._source()} WHERE "
            f"written IN ({best}) AND written > {first - 1 if after is None else after:d} "
            "ORDER BY written"
        )
        with self._duck() as duck:
            for batch in duck.execute(query).to_arrow_reader(_BATCH_ROWS):
                yield from self.rows.versions(batch, invocation_time=first)

    def _source(self) -> str:
        return f"read_parquet({self._files})"

    @contextmanager
    def _duck(self) -> Iterator[Any]:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "threads": 2,
            "temp_directory": str(self.folder / "spill"),
            "preserve_insertion_order": False,
        }
        connection = duckdb.connect(config=settings)
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def newest_rows(group: FeatureGroup, run: Run, offline: bool) -> Iterator[NewestRows]:
    """Newest rows of a run, whose files are gone afterwards."""
    with TemporaryDirectory(prefix="larder-") as folder:
        yield NewestRows(VersionRows(group, recorded=offline), run, Path(folder))
