"""As-of joins on one machine: Larder's by DuckDB beside Feast's, and beside a bare ASOF JOIN."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import ROOT
from benchmarks.join_data import LARGE, SMALL, Size, make
from benchmarks.measure import Figure, figure
from benchmarks.parts import Setting
from benchmarks.peer import Peer, PeerFailed, peer
from benchmarks.rows import Beside, Row, at_least, at_most

_LEAST = "DuckDB's bare ASOF JOIN"
_OF_BARE = at_most(1.3)
_OF_FEAST = at_least(3)
_UNITS = {"": "s", ", CPU": "s CPU", ", memory": "MB"}
Rounds = list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class _Taken:
    """``figures`` by their unit."""

    figures: dict[str, Figure]
    rows: int


def rows(setting: Setting) -> Iterator[Row]:
    """Seconds and memory of joins of two sizes, in turn with Feast where it is there.

    Raises:
        RuntimeError: Larder's join has not one row per label row.
    """
    for size in (SMALL, LARGE):
        folder = make(size, ROOT)
        feast = setting.feast_joins
        with ExitStack() as engines:
            run = [engines.enter_context(_ours(each, folder)) for each in ("larder", "plain")]
            if feast is not None:
                run.append(engines.enter_context(_feast(feast, "duckdb", folder)))
            ours, plain, *peers = _in_turn(run, size.rounds)
        if ours.rows != size.labels:
            raise RuntimeError(f"{size.title}: {size.labels} label rows gave {ours.rows}")
        yield from _rows(size, ours, plain, peers[0] if peers else None)
        if feast is not None and size.beside_dask:
            yield from _beside_dask(size, ours, feast, folder)


def _in_turn(engines: Sequence[Peer], rounds: int) -> list[_Taken]:
    found: list[Rounds] = [[] for _ in engines]
    for _ in range(rounds):
        for samples, engine in zip(found, engines, strict=True):
            samples.append(engine.ask())
    return [_taken(samples) for samples in found]


def _taken(samples: Rounds) -> _Taken:
    figures = {unit: figure([each[unit] for each in samples]) for unit in ("s", "s CPU")}
    last = samples[-1]
    return _Taken({**figures, "MB": Figure(last["MB"])}, int(last["rows"]))


def _rows(size: Size, ours: _Taken, plain: _Taken, feast: _Taken | None) -> Iterator[Row]:
    for what, unit in _UNITS.items():
        memory = unit == "MB"
        yield Row(
            id=f"as-of join {size.title}{what}",
            ours=ours.figures[unit],
            unit=unit,
            peer=Beside(
                _named("duckdb", feast, size),
                feast.figures[unit] if feast else None,
                None if memory else _OF_FEAST,
            ),
            limit=Beside(_LEAST, plain.figures[unit], None if memory else _OF_BARE),
        )


def _beside_dask(size: Size, ours: _Taken, feast: Path, folder: Path) -> Iterator[Row]:
    """Once: it takes a minute where the others take a second."""
    try:
        with _feast(feast, "dask", folder) as engine:
            (taken,) = _in_turn([engine], 1)
    except PeerFailed as error:
        print(f"left out: {size.title}, dask: {error}", file=sys.stderr)
        return
    yield Row(
        id=f"as-of join {size.title}, beside dask",
        ours=ours.figures["s"],
        unit="s",
        peer=Beside(_named("dask", taken, size), taken.figures["s"]),
    )


def _named(store: str, taken: _Taken | None, size: Size) -> str:
    if taken is None or taken.rows == size.labels:
        return f"Feast on {store}"
    return f"Feast on {store}, {taken.rows} of {size.labels} rows"


def _ours(engine: str, folder: Path) -> AbstractContextManager[Peer]:
    return peer(sys.executable, "duckdb_joins", engine, folder)


def _feast(feast: Path, store: str, folder: Path) -> AbstractContextManager[Peer]:
    return peer(feast / "bin/python", "feast_joins", store, folder)
