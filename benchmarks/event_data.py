"""Events for feature pipelines, as Parquet: skewed identifiers, 60 days, an amount in cents.

With ``hot`` one identifier has a fifth of the events, as a house card or a bot has. No two events
share an instant, of which the engines beside ours think otherwise than we do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from larder.pipelines.durations import DAY, SECOND

FIRST = 1_700_006_400 * SECOND  # a midnight
DAYS = 60
LAST = FIRST + DAYS * DAY
_IDENTIFIERS = 100_000
_STRIDE = 7_368_787
"""A prime: its multiples shuffle the places of events in time."""


@dataclass(frozen=True, slots=True)
class Events:
    """How many events."""

    count: int
    hot: bool = False

    @property
    def title(self) -> str:
        """As a row of the table names it."""
        millions = self.count / 10**6
        return f"{millions:g}M events" if millions >= 1 else f"{self.count // 1000}k events"


def make(events: Events, root: Path) -> Path:
    """The folder with ``events.parquet``, made if it is not there."""
    folder = root / f"events-{events.count}{'-hot' if events.hot else ''}"
    if (folder / ".ready").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as database:
        database.execute("SET threads = 1")
        database.execute(f"COPY ({_selected(events)}) TO '{folder}/events.parquet'")
    (folder / ".ready").touch()
    return folder


def _selected(events: Events) -> str:
    """Numbers by hashes of the place, so that every machine makes the same events."""
    skewed = f"1 + CAST({_IDENTIFIERS} * {_dice(1)} * {_dice(2)} AS BIGINT)"
    key = f"CASE WHEN {_dice(3)} < 0.2 THEN 0 ELSE {skewed} END" if events.hot else skewed
    step = DAYS * DAY // events.count
    return f"""SELECT {key} AS card, n AS event_id,
        {FIRST} + (n * {_STRIDE} % {events.count}) * {step} + CAST(HASH(n) % {step} AS BIGINT) AS t,
        ROUND({_dice(4)} * 500, 2) AS amount
      FROM RANGE({events.count}) AS r(n)"""  # noqa: S608 - numbers of ours


def _dice(salt: int) -> str:
    """A number from 0 to 1 of its own for each event."""
    return f"(HASH(n * 8 + {salt}) % 1000003 / 1000003.0)"
