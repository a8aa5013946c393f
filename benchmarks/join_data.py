"""Histories and labels for as-of joins, as Parquet: Larder's columns and those that peers want.

Of 100 versions two repeat an event time of their record, as corrections do. There are no
tombstones, which the peers don't know. Labels lie within the history's time, some before their
record's first version.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

FEATURES = 10
VERSIONS = 50
_START = "TIMESTAMP '2024-01-01 00:00:00'"
_MINUTES = 60 * 24 * 90


@dataclass(frozen=True, slots=True)
class Size:
    """How many versions and label rows; 50 versions a record."""

    versions: int
    labels: int
    rounds: int
    beside_dask: bool

    @property
    def title(self) -> str:
        """As a row of the table names it."""
        return f"{self.versions // 10**6}M x {_short(self.labels)} x {FEATURES}"


SMALL = Size(1_000_000, 100_000, rounds=5, beside_dask=True)
LARGE = Size(10_000_000, 1_000_000, rounds=3, beside_dask=False)  # it takes minutes


def make(size: Size, root: Path) -> Path:
    """The folder with ``history.parquet`` and ``labels.parquet``, made if it is not there."""
    folder = root / f"joins-{size.versions}-{size.labels}"
    if (folder / ".ready").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    records = size.versions // VERSIONS
    with duckdb.connect() as database:
        database.execute("SELECT SETSEED(0.5)")
        database.execute("SET threads = 1; SET preserve_insertion_order = false")
        _copy(database, _history(size.versions, records), folder / "history.parquet")
        _copy(database, _labels(size.labels, records), folder / "labels.parquet")
    (folder / ".ready").touch()
    return folder


def _history(versions: int, records: int) -> str:
    features = ", ".join(f"RANDOM() * 1000 AS feature_{n:03}" for n in range(FEATURES))
    # 2 % take the minute of the version before, written later
    minute = f"CAST(HASH(n - (n % 50 = 1)::INT) % {_MINUTES} AS INT)"
    return f"""SELECT customer_id, STRFTIME(event_at, '%Y-%m-%dT%H:%M:%SZ') AS event_time, event_at,
        event_at + TO_SECONDS(n % 50) AS write_time, FALSE AS is_deleted, {features}
      FROM (SELECT n, 'c' || (n // {VERSIONS} % {records}) AS customer_id,
                   {_START} + TO_MINUTES({minute}) AS event_at
            FROM RANGE({versions}) AS r(n))"""  # noqa: S608 - numbers of ours


def _labels(labels: int, records: int) -> str:
    return f"""SELECT n AS larder_row, customer_id AS larder_key_0, customer_id AS c0, asked_at,
        STRFTIME(asked_at, '%Y-%m-%dT%H:%M:%S') || '000000000' AS larder_at
      FROM (SELECT n, 'c' || (HASH(n) % {records}) AS customer_id,
                   {_START} + TO_SECONDS(CAST(HASH(n + 7) % {_MINUTES * 60} AS INT)) AS asked_at
            FROM RANGE({labels}) AS r(n))"""  # noqa: S608 - numbers of ours


def _copy(database: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    database.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")


def _short(count: int) -> str:
    return f"{count // 10**6}M" if count >= 10**6 else f"{count // 1000}k"
