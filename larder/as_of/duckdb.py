"""As-of joins by DuckDB's own ASOF JOIN, for one machine without Athena.

The labels and what is meant are those of ``larder.as_of.athena``; only the shape is DuckDB's. A
version's place in the order (event time, live, write time) is one HUGEINT. So equal event times
need no step of their own. A label asks for the greatest place that its time can see.

* A Fractional event time is a double, which no whole number represents: there the winner among
  equal event times is chosen first, and doubles are joined.
* As known then, a version comes into sight at the later of its event and its write time. It counts
  if none that came into sight before it wins over it. Those alone are joined, by that instant.
* Both together have no instant without rounding: there every version of the key is looked at.
"""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from larder.as_of.athena import Labels
from larder.as_of.history import bounds, feature_value
from larder.as_of.join import Join
from larder.as_of.text import name, table_name

_WRITES = 320_000_000_000_000_000
"""More than the microseconds of the years 1 to 9999, in which write times lie."""
_FIRST_WRITE = 62_135_596_800_000_000
_LAST = _WRITES - 1


def as_of_duckdb_query(labels: Labels, joins: Sequence[Join]) -> str:
    """A query of one row per label row: ``larder_row``, the labels' columns, the features.

    It reads the labels and the groups' tables as relations of their names; columns of the result
    are in lower case, as Athena's are.
    """
    parts = ",\n".join(part for join in joins for part in _parts(join, labels.source))
    columns = tuple((source, output.lower()) for source, output in labels.columns)
    by = tuple(output.lower() for output in labels.partition_by)
    lowered = Labels(labels.database, labels.table, columns, by)
    selected = lowered.selected(each for join in joins for each in _outputs(join))
    sources = "\n".join([f"{labels.source} AS l", *map(_joined, joins)])
    return f"WITH {parts}\nSELECT\n  {selected}\nFROM {sources}"


def _outputs(join: Join) -> Iterator[str]:
    """Each feature, or null where a tombstone won, or nothing within the look-back."""
    table = f"g{join.number}"
    counts = f"NOT {table}.gone"
    if join.since and not _looks_at_all(join):
        counts += f" AND {table}.e >= {_instant(join, f'l.{join.since}')}"
    for place, (_, output) in enumerate(join.features):
        yield f"CASE WHEN {counts} THEN {table}.f{place} END AS {name(output.lower())}"


def _joined(join: Join) -> str:
    table = f"g{join.number}"
    if _looks_at_all(join):
        return f"LEFT JOIN {table} ON {table}.larder_row = l.larder_row"
    at = _instant(join, f"l.{join.at}")
    seen = (
        at
        if join.cut.as_known_then or not join.is_text
        else f"({at} * 2 + 1) * {_WRITES} + {_LAST}"
    )
    return f"ASOF LEFT JOIN {table} ON l.{join.key} = {table}.k AND {seen} >= {table}.t"


def _parts(join: Join, labels: str) -> Iterator[str]:
    """WITH queries that end in ``g<n>``: versions in the order of ``t``, by which they are seen."""
    prefix, features = f"g{join.number}", [f"f{n}" for n in range(len(join.features))]
    yield _versions(join, labels)
    if _looks_at_all(join):
        yield _every(join, labels, features)
    elif join.cut.as_known_then:
        yield f"""{prefix} AS (
  SELECT * FROM (SELECT *, GREATEST(e, CAST(w AS HUGEINT) * 1000) AS t FROM {prefix}_versions)
  WINDOW line AS (PARTITION BY k ORDER BY t, o)
  QUALIFY o >= MAX(o) OVER line AND t IS DISTINCT FROM LEAD(t) OVER line
)"""
    elif join.is_text:
        yield f"""{prefix} AS (
  SELECT *, o AS t FROM {prefix}_versions
)"""
    else:
        yield f"""{prefix} AS (
  SELECT k, e, e AS t, UNNEST(ARG_MAX({_packed(["gone", *features])}, o))
  FROM {prefix}_versions GROUP BY k, e
)"""


def _every(join: Join, labels: str, features: Iterable[str]) -> str:
    prefix = f"g{join.number}"
    conditions = [f"v.k = l.{join.key}", f"v.e <= l.{join.at}"]
    conditions.append(f"CAST(v.w AS HUGEINT) * 1000 <= {_nanoseconds('l.larder_at')}")
    if join.since:
        conditions.append(f"v.e >= l.{join.since}")
    packed = _packed(["gone", *features])
    return f"""{prefix} AS (
  SELECT l.larder_row, UNNEST(ARG_MAX({packed}, ROW(e, o)))
  FROM {labels} AS l
  INNER JOIN {prefix}_versions AS v ON {" AND ".join(conditions)}
  GROUP BY l.larder_row
)"""


def _versions(join: Join, labels: str) -> str:
    """Key ``k``, event time ``e``, microseconds of writing ``w``, order ``o``, and the features.

    ``o`` orders all versions of a key where event times are texts, else those of one event time.
    """
    key = name(join.table.record_identifier.name.lower())
    columns = [f"{key} AS k", *_event(join), "EPOCH_US(write_time) AS w"]
    columns.append("COALESCE(is_deleted, FALSE) AS gone")
    columns += [f"{feature_value(join, each)} AS f{n}" for n, (each, _) in enumerate(join.features)]
    where = "\n    AND ".join([f"{key} IN (SELECT {join.key} FROM {labels})", *bounds(join)])
    selected = ",\n    ".join(columns)
    order = f"CASE WHEN gone THEN {_FIRST_WRITE} ELSE {_WRITES + _FIRST_WRITE} END + w"
    event = ""
    if join.is_text:  # one product, for whole numbers of 128 bits are slow
        order = f"CAST(us AS HUGEINT) * {2000 * _WRITES} + {_finer('ns', 2 * _WRITES)} + {order}"
        event = ", CAST(us AS HUGEINT) * 1000 + ns AS e"
    return f"""g{join.number}_versions AS (
  SELECT *, {order} AS o{event}
  FROM (SELECT
    {selected}
  FROM {table_name(join.table.database, join.table.table)}
  WHERE {where})
)"""


def _event(join: Join) -> Iterator[str]:
    """Of a text its microseconds, as far as a timestamp goes, and the nanoseconds after them."""
    event = name(join.table.event_time.name.lower())
    if not join.is_text:
        yield f"{event} AS e"
        return
    rest = f"CAST(RPAD(SUBSTR({event}, 27, LENGTH({event}) - 27), 3, '0') AS INTEGER)"
    yield f"EPOCH_US(CAST({event} AS TIMESTAMP)) AS us"
    yield f"CASE WHEN LENGTH({event}) > 27 THEN {rest} ELSE 0 END AS ns"


def _finer(column: str, factor: int) -> str:
    """A product that is mostly zero."""
    return f"CASE WHEN {column} = 0 THEN 0 ELSE CAST({column} AS HUGEINT) * {factor} END"


def _instant(join: Join, column: str) -> str:
    """A label's time or window start, as event times are compared."""
    return _nanoseconds(column) if join.is_text else column


def _nanoseconds(column: str) -> str:
    """Of a label's time as it is stored: seconds, then nine digits."""
    seconds = f"CAST(EPOCH_US(CAST(SUBSTR({column}, 1, 19) AS TIMESTAMP)) AS HUGEINT)"
    return f"({seconds} * 1000 + CAST(SUBSTR({column}, 20) AS INTEGER))"


def _packed(columns: Iterable[str]) -> str:
    return f"STRUCT_PACK({', '.join(f'{each} := {each}' for each in columns)})"


def _looks_at_all(join: Join) -> bool:
    return join.cut.as_known_then and not join.is_text
