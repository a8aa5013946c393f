"""Held-out rows, read from Parquet by DuckDB: where models are scored there is no pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from larder.aws.s3_objects import Objects


@dataclass(frozen=True, slots=True)
class DuckRows:
    """Implements ``larder.trainings.compare.HeldOut`` by way of a file of this machine."""

    objects: Objects

    def read(self, address: str, size: int) -> Iterator[list[dict[str, object]]]:
        with TemporaryDirectory(prefix="larder-") as folder:
            path = Path(folder, "rows.parquet")
            self.objects.fetch(address, path)
            with duckdb.connect(config={"threads": 1}) as database:
                database.execute("SET TimeZone = 'UTC'")
                found = database.read_parquet(str(path))
                while rows := found.fetchmany(size):
                    yield [dict(zip(found.columns, row, strict=True)) for row in rows]
