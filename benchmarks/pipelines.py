"""Feature pipelines on one machine: 18 windowed features of each event, and publishing rows.

The limit is the statement that a person would write by hand. It has no fixed point, so that its
sums depend on their order, and it knows no event that was sent twice. Polars' ``rolling`` is the
least that the work costs in one process. Feast's own way is a pandas function.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.environments import ROOT
from benchmarks.event_data import Events, make
from benchmarks.measure import Figure, figure
from benchmarks.parts import Setting
from benchmarks.peer import Peer, PeerFailed, peer
from benchmarks.publishing import publishing_rows
from benchmarks.rows import Beside, Goal, Row, at_most

_OF_BARE = at_most(1.3)
_LINEAR = at_most(6)
"""Of five times the rows."""
_HOT = (200_000, 1_000_000)
_ROUNDS = 3
_LONG_ROUNDS = 2
_MOST_MEMORY = 1000
_UNITS = {"": "s", ", CPU": "s CPU", ", memory": "MB"}
Taken = dict[str, Figure]


@dataclass(frozen=True, slots=True)
class _Engine:
    """What runs a peer: its interpreter, module and arguments before the folder."""

    python: Path
    module: str
    arguments: tuple[str, ...] = ()

    def open(self, folder: Path, stack: ExitStack) -> Peer:
        return stack.enter_context(peer(self.python, self.module, *self.arguments, folder))


def _own(engine: str) -> _Engine:
    return _Engine(Path(sys.executable), "windows", (engine,))


def rows(setting: Setting) -> Iterator[Row]:
    """CPU, seconds and memory beside the others; ten million events only where there is time.

    Raises:
        RuntimeError: the engines do not agree in what they computed.
    """
    yield from _windows(Events(1_000_000), _ROUNDS, setting.feast_joins)
    if setting.long:
        yield from _windows(Events(10_000_000), _LONG_ROUNDS, None)
    yield _growth()
    with TemporaryDirectory(prefix="larder-bench-") as folder:
        yield from publishing_rows(Path(folder))


def _windows(events: Events, rounds: int, feast: Path | None) -> Iterator[Row]:
    folder, name = make(events, ROOT), f"18 features, {events.title}"
    ours, bare, polars = _in_turn([_own("frame"), _own("bare"), _own("polars")], folder, rounds)
    pandas: Taken = (_beside_feast(feast, folder) if feast else None) or {}
    for what, unit in _UNITS.items():
        memory = unit == "MB"
        yield Row(
            id=f"{name}{what}",
            ours=ours[unit],
            unit=unit,
            peer=Beside("pandas in a batch view of Feast", pandas.get(unit)),
            limit=_limit("RANGE frames by hand", bare, unit, _OF_BARE),
            most=_MOST_MEMORY if memory else None,
        )
    for what, unit in _UNITS.items():
        limit = _limit("Polars rolling", polars, unit)
        yield Row(id=f"{name}, beside Polars{what}", ours=ours[unit], unit=unit, limit=limit)


def _limit(name: str, taken: Taken, unit: str, goal: Goal | None = None) -> Beside:
    """Its goal is for CPU: seconds depend on what else the machine does."""
    return Beside(name, taken[unit], goal if unit == "s CPU" else None)


def _growth() -> Row:
    """Daily features by running sums, the statement of Athena and Spark, on a hot identifier."""
    small, large = (make(Events(count, hot=True), ROOT) for count in _HOT)
    with ExitStack() as stack:
        peers = [_own("delta").open(folder, stack) for folder in (large, small)]
        found = [[each.ask()["s CPU"] for each in peers] for _ in range(_ROUNDS)]
    ours, fewer = (figure([each[place] for each in found]) for place in (0, 1))
    return Row(
        id="12 daily features by running sums, 1M events, a fifth of one identifier, CPU",
        ours=ours,
        unit="s CPU",
        limit=Beside("200k events", fewer, _LINEAR),
    )


def _beside_feast(feast: Path, folder: Path) -> Taken | None:
    """Once: it takes a minute."""
    try:
        return _in_turn([_Engine(feast / "bin/python", "feast_windows")], folder, 1)[0]
    except PeerFailed as error:
        print(f"left out: Feast's pandas: {error}", file=sys.stderr)
        return None


def _in_turn(engines: Sequence[_Engine], folder: Path, rounds: int) -> list[Taken]:
    with ExitStack() as stack:
        peers = [each.open(folder, stack) for each in engines]
        found = [[each.ask() for each in peers] for _ in range(rounds)]
    totals = {(each["counted"], each["summed"]) for each in found[0]}
    if len(totals) != 1:
        raise RuntimeError(f"{folder}: engines do not agree in events and amounts: {totals}")
    return [
        {
            "s": figure([each[place]["s"] for each in found]),
            "s CPU": figure([each[place]["s CPU"] for each in found]),
            "MB": Figure(found[-1][place]["MB"]),
        }
        for place in range(len(engines))
    ]
