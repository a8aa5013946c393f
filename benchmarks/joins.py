"""As-of joins on one machine: Larder's by DuckDB beside Feast's, and beside a bare ASOF JOIN."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import ROOT
from benchmarks.join_data import LARGE, SMALL, Size, make
from benchmarks.measure import Figure, figure
from benchmarks.rows import Row

_HERE = Path(__file__).parent
_FACTOR = 1.3
_SECONDS = 900
_LEAST = "DuckDB's bare ASOF JOIN"


@dataclass(frozen=True, slots=True)
class _Taken:
    """``figures`` by their unit."""

    figures: dict[str, Figure]
    rows: int


def rows(feast: Path | None) -> Iterator[Row]:
    """Seconds and memory of joins of two sizes; beside Feast's where ``feast`` is its environment.

    Raises:
        RuntimeError: Larder's join has not one row per label row.
    """
    for size in (SMALL, LARGE):
        folder = make(size, ROOT)
        ours, plain = (
            _run([sys.executable, "-m", "benchmarks.join_worker"], each, folder, size)
            for each in ("larder", "plain")
        )
        if ours is None or plain is None or ours.rows != size.labels:
            raise RuntimeError(f"{size.title}: {size.labels} label rows gave {ours and ours.rows}")
        stores = size.feast_stores if feast else ()
        peers = {each: _feast(feast, each, folder, size) for each in stores}
        yield from _rows(size, ours, plain, peers)


def _rows(
    size: Size, ours: _Taken, plain: _Taken, peers: dict[str, _Taken | None]
) -> Iterator[Row]:
    name = f"as-of join {size.title}"
    first = peers.pop("duckdb", None)
    for what, unit in (("", "s"), (", CPU", "s CPU"), (", memory", "MB")):
        mine, bare = ours.figures[unit], plain.figures[unit]
        yield Row(
            id=name + what,
            ours=mine,
            unit=unit,
            peer=first.figures[unit] if first else None,
            against=_named("duckdb", first, size),
            limit=bare,
            least=_LEAST,
            target=None if unit == "MB" else float(f"{_FACTOR * bare.value:.3g}"),
        )
    for store, taken in peers.items():
        if taken is not None:
            yield Row(
                id=f"{name}, beside {store}",
                ours=ours.figures["s"],
                unit="s",
                peer=taken.figures["s"],
                against=_named(store, taken, size),
            )


def _named(store: str, taken: _Taken | None, size: Size) -> str:
    if taken is None:
        return ""
    lost = "" if taken.rows == size.labels else f", {taken.rows} of {size.labels} rows"
    return f"Feast on {store}{lost}"


def _feast(feast: Path | None, store: str, folder: Path, size: Size) -> _Taken | None:
    python = str(feast and feast / "bin/python")
    command = [python, "-P", str(_HERE / "feast_join_peer.py")]  # -P: feast.py stands beside it
    return _run(command, store, folder, size)


def _run(command: list[str], engine: str, folder: Path, size: Size) -> _Taken | None:
    """What a process took; ``None``, with a word, where it failed or had no end."""
    arguments = [*command, engine, str(folder), str(size.rounds)]
    try:
        done = subprocess.run(
            arguments, capture_output=True, text=True, check=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        print(f"left out: {engine}, {size.title}: no end in {_SECONDS} s", file=sys.stderr)
        return None
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().splitlines()[-1:]
        print(f"left out: {engine}, {size.title}: {last}", file=sys.stderr)
        return None
    told = json.loads(done.stdout.splitlines()[-1])
    figures = {
        "s": figure(told["seconds"]),
        "s CPU": figure(told["cpu"]),
        "MB": Figure(told["megabytes"]),
    }
    return _Taken(figures, told["rows"])
