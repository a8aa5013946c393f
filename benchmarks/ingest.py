"""Bulk: rows into an offline table, and newest versions of a table's history into Valkey.

Valkey is the in-memory tier; that DynamoDB is written first is left out, because a stub of it says
nothing of its speed. The peer is Feast's ``materialize`` into a Valkey of its own, of the same
columns, measured in turn with ours.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import servers
from benchmarks.bulk_group import VALUES
from benchmarks.feast import on_valkey
from benchmarks.function import environment
from benchmarks.measure import Figure, figure
from benchmarks.parts import Setting
from benchmarks.peer import peer
from benchmarks.rows import Beside, Row, at_least

_NAMES = [f"feature_{n:03}" for n in range(VALUES)]
_DAYS = 10
_PART = 100_000
_ROUNDS = 3
_LOADED = (100_000, 1_000_000)
_FEAST_ROWS = _LOADED[0]
"""Feast's rate does not grow with the rows; a million of them take it minutes."""
_FASTER = at_least(10)
_MOST_MEMORY = 300
Taken = dict[str, float]
"""``seconds``, ``cpu`` seconds of the process, and the most memory that it held, ``peak_mb``."""


def rows(setting: Setting) -> Iterator[Row]:
    """Rows a second and memory; ten million rows only where there is time."""
    with TemporaryDirectory(prefix="larder-bench-") as folder:
        for count in (1_000_000, 10_000_000) if setting.long else (1_000_000,):
            source = Path(folder, "rows.parquet")
            write(source, count, given)
            found = [measured("bulk_ingest", source) for _ in range(_ROUNDS)]
            yield from _rows(f"ingest offline {_short(count)}x10", count, found)
        history = Path(folder, "history.parquet")
        write(history, _FEAST_ROWS, _for_feast)
        for count in _LOADED:
            source = Path(folder, "latest.parquet")
            write(source, count, _newest)
            calls: list[Callable[[], Taken]] = [partial(_loaded, source)]
            if setting.feast is not None:
                calls.append(partial(_materialized, setting.feast, history))
            ours, *theirs = _in_turn(calls)
            name = f"load {_short(count)}x10 into Valkey"
            yield from _rows(name, count, ours, theirs[0] if theirs else None, loading=True)


def _rows(
    name: str,
    count: int,
    ours: list[Taken],
    theirs: list[Taken] | None = None,
    *,
    loading: bool = False,
) -> Iterator[Row]:
    rate, peer_rate = _rate(count, ours), _rate(_FEAST_ROWS, theirs) if theirs else None
    peer_name = f"Feast materialize, {_short(_FEAST_ROWS)}x10"
    beside = Beside(peer_name, peer_rate, _FASTER) if loading else None
    yield Row(id=name, ours=rate, unit="rows/s", peer=beside, rate=True)
    if loading:
        cpu = Beside(peer_name, _cpu(_FEAST_ROWS, theirs) if theirs else None)
        yield Row(id=f"{name}, CPU", ours=_cpu(count, ours), unit="us CPU a row", peer=cpu)
    memory = Beside(peer_name, _memory(theirs) if theirs else None) if loading else None
    yield Row(
        id=f"{name}, memory",
        ours=_memory(ours),
        unit="MB",
        peer=memory,
        most=_MOST_MEMORY if loading else None,
    )


def _in_turn(calls: list[Callable[[], Taken]]) -> list[list[Taken]]:
    rounds = [[call() for call in calls] for _ in range(_ROUNDS)]
    return [list(each) for each in zip(*rounds, strict=True)]


def _rate(count: int, found: list[Taken]) -> Figure:
    return figure([count / each["seconds"] for each in found])


def _cpu(count: int, found: list[Taken]) -> Figure:
    return figure([each["cpu"] * 1e6 / count for each in found])


def _memory(found: list[Taken]) -> Figure:
    return figure([each["peak_mb"] for each in found])


def _loaded(source: Path) -> Taken:
    with servers.valkey() as address:
        return measured("bulk_load", source, address)


def _materialized(feast: Path, history: Path) -> Taken:
    python = feast / "bin/python"
    with servers.valkey() as address, TemporaryDirectory(prefix="larder-feast-") as folder:
        store = orjson.dumps(on_valkey(address)).decode()
        arguments = (folder, history, store, VALUES)
        with peer(python, "feast_materialize", *arguments, env=environment()) as process:
            taken: Taken = process.ask()
            return taken


def measured(module: str, *arguments: Path | str) -> Taken:
    """What a module of this package says that it took, in a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Taken = orjson.loads(done.stdout)
    return found


def write(path: Path, count: int, table_of: Callable[[Any, Any, list[Any]], Any]) -> None:
    """Rows of ten features, each of a record of its own, over ten days; a table of each part."""
    random = np.random.default_rng(count)
    writer: Any = None
    for first in range(0, count, _PART):
        numbers = np.arange(first, min(first + _PART, count))
        seconds = np.datetime64("2024-01-01T00:00:00") + numbers * 86_400 * _DAYS // count
        values = [pa.array(random.random(len(numbers)) * 1000) for _ in range(VALUES)]
        table = table_of(pa.array([f"c{n}" for n in numbers]), seconds, values)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def given(identifiers: Any, seconds: Any, values: list[Any]) -> Any:  # noqa: ANN401 - pyarrow
    """As a user has them."""
    return pa.table([identifiers, _texts(seconds), *values], names=["id", "event_time", *_NAMES])


def _newest(identifiers: Any, seconds: Any, values: list[Any]) -> Any:  # noqa: ANN401 - pyarrow
    """As Athena unloads the newest version of each record."""
    written = pa.array(["2024-02-01T00:00:00123456000"] * len(identifiers))
    names = [*(f"f{n}" for n in range(VALUES + 2)), "written"]
    return pa.table([identifiers, _texts(seconds), *values, written], names=names)


def _for_feast(identifiers: Any, seconds: Any, values: list[Any]) -> Any:  # noqa: ANN401 - pyarrow
    """With the timestamps that Feast wants."""
    event_at = pa.array(seconds.astype("datetime64[us]"))
    return pa.table([identifiers, event_at, *values], names=["id", "event_at", *_NAMES])


def _texts(seconds: Any) -> Any:  # noqa: ANN401 - pyarrow
    return pa.array([f"{each}Z" for each in seconds.astype(str)])


def _short(count: int) -> str:
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1000}k"
