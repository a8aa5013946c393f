"""The newest version of each record of a group as Athena SQL."""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

from larder.as_of.history import history
from larder.as_of.join import Join
from larder.as_of.oracle import Cut, seconds_not_after, seconds_not_before
from larder.as_of.text import double, literal, sortable
from larder.event_time import NANOS
from larder.offline.feature_table import FeatureTable, TableVersion

LAST = 253_402_300_800 * NANOS - 1
"""The last nanosecond of the year 9999, after which there are no event times."""


def latest_query(
    table: FeatureTable, version: TableVersion, *, as_of: int | None, since: int | None
) -> str:
    """A query of one row per record that exists: its features as ``f0``, ``f1`` …, and ``written``.

    Looked at are versions whose event time is at or before ``as_of`` and at or after ``since``
    (nanoseconds). Of these the newest counts, by the order of ``larder.records.record``. A record
    whose newest version is a deletion is left out. ``written`` is the write time as text that
    sorts.
    """
    join = join_of(table, version, LAST if as_of is None else as_of, since)
    wanted = " AND ".join(_within(join, as_of, since)) or "1 = 1"
    return f"""{_latest(join, wanted)}
SELECT {_features(table)}, w AS written
FROM latest
WHERE NOT v.gone"""


def deleted_query(
    table: FeatureTable, version: TableVersion, *, since: int, until: int | None
) -> str:
    """A query of one row per record whose newest version is a deletion accepted since then.

    Its columns are those of ``latest_query``. ``since`` and ``until`` are in microseconds;
    versions accepted after ``until`` are passed over. A deletion of the millisecond before
    ``since`` is among them: Athena rounds the times of a table of format Glue.
    """
    join = join_of(table, version, LAST, None)
    wanted = "1 = 1" if until is None else f"w <= {literal(sortable(until * 1000 + 999))}"
    return f"""{_latest(join, wanted)}
SELECT {_features(table)}, w AS written
FROM latest
WHERE v.gone AND w >= {literal(sortable((since - 1000) * 1000))}"""


def newest_version_query(table: FeatureTable, version: TableVersion) -> str:
    """A query of one row per record of the whole history, deleted ones included.

    Its columns are those of ``latest_query``, and ``gone``: whether that version is a deletion.
    """
    join = join_of(table, version, LAST, None)
    return f"""{_latest(join, "1 = 1")}
SELECT {_features(table)}, w AS written, v.gone AS gone
FROM latest
WHERE k IS NOT NULL"""


def join_of(table: FeatureTable, version: TableVersion, last: int, since: int | None) -> Join:
    """All features of a group's versions from ``since`` to ``last``, in nanoseconds."""
    return Join(
        number=0,
        table=table,
        version=version,
        features=tuple((feature, feature.name) for feature in table.features),
        cut=Cut(look_back=None if since is None else last - since),
        first=last,
        last=last,
    )


def _latest(join: Join, wanted: str) -> str:
    """WITH queries that end in ``latest``: by ``k`` the newest version ``v`` and its ``w``."""
    parts = ",\n".join(history(join, None))
    return f"""WITH {parts},
latest AS (
  SELECT k, MAX_BY(v, o) AS v, MAX_BY(w, o) AS w
  FROM g0_history
  WHERE {wanted}
  GROUP BY k
)"""


def _features(table: FeatureTable) -> str:
    return ", ".join(f"v.f{place} AS f{place}" for place in range(len(table.features)))


def _within(join: Join, as_of: int | None, since: int | None) -> list[str]:
    conditions = []
    if as_of is not None:
        end = literal(sortable(as_of)) if join.is_text else double(seconds_not_after(as_of))
        conditions.append(f"e <= {end}")
    if since is not None:
        start = literal(sortable(since)) if join.is_text else double(seconds_not_before(since))
        conditions.append(f"e >= {start}")
    return conditions
