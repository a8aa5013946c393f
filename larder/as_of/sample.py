"""Some records of a group's history as Athena SQL: which ones, their newest version, and when
their versions were written.

Identifiers are chosen by a hash with a salt. So each has the same chance, and of those chosen
every feature is seen.
"""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

from collections.abc import Sequence

from larder.as_of.athena import short
from larder.as_of.history import history
from larder.as_of.join import Join
from larder.as_of.latest import LAST, join_of
from larder.as_of.text import literal, name, table_name, value_literal
from larder.offline.feature_table import FeatureTable, TableVersion

MOST_SEEN = 100_000
"""How many versions ``written_query`` gives at most; the newest by event time are kept."""
_ASKED = "larder_sample"
_CURE = "take a smaller sample"


def sample_query(table: FeatureTable, size: int, salt: str) -> str:
    """A query of at most ``size`` identifiers ``k`` of a table, by the hash of salt and text."""
    key = name(table.record_identifier.name.lower())
    hashed = f"MD5(TO_UTF8({literal(salt)} || CAST(k AS VARCHAR)))"
    return f"""SELECT k FROM (
  SELECT DISTINCT {key} AS k FROM {table_name(table.database, table.table)}
  WHERE {key} IS NOT NULL
) AS known
ORDER BY {hashed}, k
LIMIT {size:d}"""


def newest_query(
    table: FeatureTable, version: TableVersion, keys: Sequence[str | int | float]
) -> str:
    """A query of the newest version of each of these records: ``k``, ``gone``, ``w``, ``f0`` …

    ``w`` is its write time as text that sorts, ``gone`` whether it is a deletion. ``f0`` and so on
    are all features of the group, in its order.

    Raises:
        ValidationError: the query is longer than Athena takes.
    """
    join = join_of(table, version, LAST, None)
    parts = ",\n".join([_keys(join, keys), *history(join, _ASKED)])
    selected = ", ".join(f"v.f{place} AS f{place}" for place in range(len(table.features)))
    return short(
        f"""WITH {parts},
newest AS (SELECT k, MAX_BY(v, o) AS v, MAX_BY(w, o) AS w FROM g0_history GROUP BY k)
SELECT k, v.gone AS gone, w, {selected} FROM newest""",
        _CURE,
    )


def written_query(
    table: FeatureTable, version: TableVersion, keys: Sequence[str | int | float], since: int
) -> str:
    """A query of when these records' versions were first written: ``k``, ``e``, ``w``.

    Of each identifier and event time ``e`` it is the earliest write time, both as ``history`` has
    them. Looked at are event times from ``since`` on, in nanoseconds.

    Raises:
        ValidationError: the query is longer than Athena takes.
    """
    join = join_of(table, version, LAST, since)
    parts = ",\n".join([_keys(join, keys), *history(join, _ASKED)])
    return short(
        f"""WITH {parts}
SELECT k, e, MIN(w) AS w FROM g0_rows WHERE NOT gone
GROUP BY k, e ORDER BY e DESC, k LIMIT {MOST_SEEN}""",
        _CURE,
    )


def _keys(join: Join, keys: Sequence[str | int | float]) -> str:
    values = ", ".join(f"({value_literal(each)})" for each in keys)
    return f"{_ASKED} AS (SELECT * FROM (VALUES {values}) AS asked({join.key}))"
