"""One engine's as-of join on our own Python: ``duckdb_joins ENGINE FOLDER``.

ENGINE is ``larder`` or ``plain``. Both read the same Parquet files and write one.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.join_data import FEATURES
from benchmarks.peers.answer import answer
from larder.as_of.athena import Labels
from larder.as_of.duckdb import as_of_duckdb_query
from larder.as_of.join import Join
from larder.as_of.oracle import Cut
from larder.event_time import NANOS
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.offline.feature_table import FeatureTable, TableVersion

_NAMES = [f"feature_{n:03}" for n in range(FEATURES)]
_FIRST, _LAST = 1_704_067_200 * NANOS, 1_711_929_600 * NANOS


def prepare(engine: str, folder: Path) -> Callable[[], dict[str, Any]]:
    """Open the files; ``measure()`` joins once."""
    query = {"larder": _larder, "plain": _plain}[engine]()
    database = duckdb.connect()
    database.execute("SET preserve_insertion_order = false; CREATE SCHEMA bench")
    for table in ("history", "labels"):
        source = f"SELECT * FROM read_parquet('{folder / table}.parquet')"  # noqa: S608 - ours
        database.execute(f"CREATE VIEW bench.{table} AS {source}")
    result = folder / f"{engine}.parquet"

    def measure() -> dict[str, Any]:
        start, cpu = time.perf_counter(), time.process_time()
        database.execute(f"COPY ({query}) TO '{result}' (FORMAT parquet, COMPRESSION zstd)")
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        row = database.execute(f"SELECT COUNT(*) FROM '{result}'").fetchone()  # noqa: S608
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"s": seconds, "s CPU": used, "MB": memory, "rows": row and row[0]}

    return measure


def _larder() -> str:
    features = tuple(FeatureDefinition(name, FeatureType.FRACTIONAL) for name in _NAMES)
    key = FeatureDefinition("customer_id", FeatureType.STRING)
    moment = FeatureDefinition("event_time", FeatureType.STRING)
    columns = (key, moment, *features)
    join = Join(
        number=0,
        table=FeatureTable("bench", 0, "bench", "history", key, moment, columns),
        version=TableVersion(None, frozenset(each.name for each in columns)),
        features=tuple((each, each.name) for each in features),
        cut=Cut(),
        first=_FIRST,
        last=_LAST,
    )
    return as_of_duckdb_query(Labels("bench", "labels", (("c0", "customer_id"),)), [join])


def _plain() -> str:
    """What a person would write by hand: no corrections, no deletions, no text of event times."""
    features = ", ".join(f"h.{name}" for name in _NAMES)
    return f"""SELECT l.larder_row, l.c0 AS customer_id, {features}
      FROM bench.labels AS l ASOF LEFT JOIN bench.history AS h
      ON l.c0 = h.customer_id AND l.asked_at >= h.event_at"""  # noqa: S608 - names of ours


if __name__ == "__main__":
    answer(lambda: prepare(sys.argv[1], Path(sys.argv[2])))
