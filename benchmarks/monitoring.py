"""Monitoring a day of exposures: thirty inputs of a million rows against a baseline.

The peer is Evidently's drift report of the same columns, by the same index. It looks for drift
alone; ours counts missing values, ranges and the Jensen-Shannon distance in the same scan. The
least that it can cost is one scan for the count, mean and deviation of each column.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import Figure, figure
from benchmarks.monitoring_data import COLUMNS, CURRENT, SHIFTED, write
from benchmarks.parts import Setting
from benchmarks.peer import Peer, PeerFailed, peer
from benchmarks.rows import Beside, Row, at_least

_ROUNDS = 3
_MOST_SECONDS = 5
_UNITS = {"": "s", ", CPU": "s CPU", ", memory": "MB"}
_NAME = f"watch {CURRENT // 10**6}M exposures x{COLUMNS}"
_PEER, _LIMIT = "Evidently's drift report", "one scan of plain aggregates"
Taken = dict[str, Figure]


def rows(setting: Setting) -> Iterator[Row]:
    """Seconds, CPU and memory of a run.

    Raises:
        RuntimeError: somebody did not find the column that was shifted, or found another.
    """
    with TemporaryDirectory(prefix="larder-bench-") as name:
        folder = Path(name)
        write(folder)
        ours, scan = _in_turn(
            [(sys.executable, "watched", "run"), (sys.executable, "watched", "scan")], folder
        )
        theirs = _evidently(setting.evidently, folder) or {}
    for what, unit in _UNITS.items():
        yield Row(
            id=f"{_NAME}{what}",
            ours=ours[unit],
            unit=unit,
            peer=Beside(_PEER, theirs.get(unit), at_least(1)),
            limit=Beside(_LIMIT, scan[unit]),
            most=_MOST_SECONDS if unit == "s" else None,
        )


def _evidently(environment: Path | None, folder: Path) -> Taken | None:
    if environment is None:
        return None
    try:
        return _in_turn([(str(environment / "bin/python"), "evidently_drift")], folder)[0]
    except PeerFailed as error:
        print(f"left out: Evidently: {error}", file=sys.stderr)
        return None


def _in_turn(ways: Sequence[tuple[str, ...]], folder: Path) -> list[Taken]:
    with ExitStack() as stack:
        peers: list[Peer] = [
            stack.enter_context(peer(python, module, *arguments, folder))
            for python, module, *arguments in ways
        ]
        found: list[list[dict[str, Any]]] = [[each.ask() for each in peers] for _ in range(_ROUNDS)]
    for each in found[0]:
        if each["drifted"] not in ([SHIFTED], None):
            raise RuntimeError(f"{each['drifted']} drifted, and not {SHIFTED}")
    return [
        {unit: figure([each[place][unit] for each in found]) for unit in _UNITS.values()}
        for place in range(len(ways))
    ]
