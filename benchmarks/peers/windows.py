"""Windowed features on one engine, on our own Python: ``windows ENGINE FOLDER``.

``frame`` is the statement that a pipeline runs on DuckDB and ``delta`` its daily one as Athena and
Spark have it. ``bare`` are the frames that a person would write by hand, ``polars`` its
``rolling``. All read the same Parquet file and write one.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from benchmarks.event_data import FIRST, LAST
from benchmarks.peers.answer import answer
from larder.groups.feature_group import FeatureType
from larder.pipelines.definition import (
    Aggregate,
    ComputedFeature,
    Function,
    Pipeline,
    Source,
    TimeUnit,
)
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.sql.statement import Interval, Shape, statement

_TABLE = "bench.events"
_WINDOWS = {"1h": HOUR, "24h": DAY, "168h": 7 * DAY}
_FUNCTIONS = {
    Function.COUNT: ("COUNT", "count"),
    Function.SUM: ("SUM", "sum"),
    Function.AVG: ("AVG", "mean"),
    Function.STDDEV: ("STDDEV_SAMP", "std"),
    Function.MIN: ("MIN", "min"),
    Function.MAX: ("MAX", "max"),
}
_WHOLE = (Function.COUNT, Function.MIN, Function.MAX)
"""What has no fixed point: counts and values as they are."""


def prepare(engine: str, folder: Path) -> Callable[[], dict[str, Any]]:
    """Get the engine ready; ``measure()`` computes once."""
    source, result = folder / "events.parquet", folder / f"{engine}.parquet"
    compute = _polars(source, result) if engine == "polars" else _sql(engine, source, result)

    def measure() -> dict[str, Any]:
        start, cpu = time.perf_counter(), time.process_time()
        compute()
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        counted, summed = _totals(result)
        return {"s": seconds, "s CPU": used, "MB": memory, "counted": counted, "summed": summed}

    return measure


def _sql(engine: str, source: Path, result: Path) -> Callable[[], object]:
    database = duckdb.connect()
    database.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    table = f"SELECT * FROM read_parquet('{source}')"  # noqa: S608 - a path of ours
    database.execute(f"CREATE SCHEMA bench; CREATE VIEW {_TABLE} AS {table}")
    text = {"frame": _frame, "delta": _delta, "bare": _bare}[engine]()
    copy = f"COPY ({text}) TO '{result}' (FORMAT parquet, COMPRESSION zstd)"
    return lambda: database.execute(copy)


def _frame() -> str:
    return _generated(_pipeline(), Shape.FRAME)


def _delta() -> str:
    return _generated(_pipeline(hop=DAY), Shape.DELTA)


def _generated(pipeline: Pipeline, shape: Shape) -> str:
    interval = Interval(FIRST - 1 if not pipeline.hop else FIRST, LAST)
    return translated(statement(pipeline, interval, shape), Dialect.DUCKDB)


def _pipeline(hop: int = 0) -> Pipeline:
    """Windows of at least the hop, each with every function."""
    features = tuple(
        ComputedFeature(
            f"{function}_{label}",
            FeatureType.INTEGRAL if function is Function.COUNT else FeatureType.FRACTIONAL,
            None,
            Aggregate(function, window, "amount", None, 0 if function in _WHOLE else 2, 1),
        )
        for label, window in _WINDOWS.items()
        if window >= hop
        for function in _FUNCTIONS
    )
    return Pipeline(
        group="card",
        identifier="card",
        identifier_type=FeatureType.INTEGRAL,
        event_time="event_time",
        source=Source(table=_TABLE, time="t", unit=TimeUnit.MICROSECONDS, order=("event_id",)),
        features=features,
        hop=hop,
    )


def _bare() -> str:
    """Sums of doubles in any order, and an event that was sent twice counts twice."""
    columns = ", ".join(
        f"{sql}(amount) OVER (PARTITION BY card ORDER BY t "
        f"RANGE BETWEEN {window - 1} PRECEDING AND CURRENT ROW) AS {function}_{label}"
        for label, window in _WINDOWS.items()
        for function, (sql, _) in _FUNCTIONS.items()
    )
    return f"SELECT card, t, {columns} FROM {_TABLE}"  # noqa: S608 - names of ours


def _polars(source: Path, result: Path) -> Callable[[], object]:
    columns = [pl.col("amount")]

    def compute() -> None:
        moment = pl.from_epoch("t", time_unit="us").alias("at")
        events = pl.scan_parquet(source).select("card", moment, *columns).sort("card", "at")
        found = table = events.collect()
        for label in _WINDOWS:
            wanted = [
                getattr(pl.col("amount"), name)().alias(f"{function}_{label}")
                for function, (_, name) in _FUNCTIONS.items()
            ]
            rolled = table.rolling("at", period=label, closed="right", group_by="card")
            found = found.hstack(rolled.agg(wanted).drop("card", "at"))
        found.write_parquet(result)

    return compute


def _totals(result: Path) -> tuple[int, float]:
    """What all engines must agree in: events in the longest windows, and their amounts."""
    sql = f"SELECT SUM(count_168h)::BIGINT, SUM(sum_168h) FROM '{result}'"  # noqa: S608 - ours
    counted, summed = duckdb.execute(sql).fetchone() or (0, 0.0)
    return counted, round(summed)


if __name__ == "__main__":
    answer(lambda: prepare(sys.argv[1], Path(sys.argv[2])))
