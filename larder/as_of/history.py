"""The versions of one group that a join may choose from, each with what it is chosen by."""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from larder.as_of.join import Join
from larder.as_of.oracle import seconds_not_after, seconds_not_before
from larder.as_of.text import double, literal, name, sql_type, table_name, timestamp
from larder.event_time import NANOS, EventTimeType
from larder.groups.feature_group import FeatureDefinition
from larder.offline.feature_table import FeatureTable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = "CAST(write_time AS VARCHAR)"
# '2024-01-31 12:00:00[.5]', the fraction padded: engines differ in the zeros they print
_WRITE_ORDER = (
    f"SUBSTR({_WRITTEN}, 1, 10) || 'T' || SUBSTR({_WRITTEN}, 12, 8) || "
    f"RPAD(SUBSTR({_WRITTEN}, 21), 9, '0')"
)


def history(join: Join, labels: str | None) -> Iterator[str]:
    """WITH queries that end in ``g<n>_history``, a row per version that may be chosen.

    Its columns: ``k`` the key, ``e`` the event time as it compares, ``w`` when it was written;
    ``t`` the instant from which labels see it; ``o`` the order in which versions win, ``v`` the
    version itself. Without ``labels`` all keys are asked for.
    """
    key = name(join.table.record_identifier.name.lower())
    columns = [f"{key} AS k", f"{event_order(join.table)} AS e", f"{_WRITE_ORDER} AS w"]
    columns.append("COALESCE(is_deleted, FALSE) AS gone")
    columns += [f"{feature_value(join, each)} AS f{place}" for place, (each, _) in _numbered(join)]
    asked = [f"{key} IN (SELECT {join.key} FROM {labels})"] if labels else []
    where = "\n    AND ".join([*asked, *bounds(join)]) or "1 = 1"
    selected = ",\n    ".join(columns)
    prefix = f"g{join.number}"
    yield f"""{prefix}_rows AS (
  SELECT
    {selected}
  FROM {_source(join)}
  WHERE {where}
)"""
    seen = "GREATEST(e, w)" if join.cut.as_known_then and join.is_text else "e"
    yield f"""{prefix}_history AS (
  SELECT k, e, w, {seen} AS t,
    {_order(join)} AS o,
    {_version(join)} AS v
  FROM {prefix}_rows
)"""


def order_type(join: Join) -> str:
    """The type of ``o``."""
    return "VARCHAR" if join.is_text else "ROW(e DOUBLE, live VARCHAR, w VARCHAR)"


def event_type(join: Join) -> str:
    """The type of ``e`` and ``t``."""
    return "VARCHAR" if join.is_text else "DOUBLE"


def event_order(table: FeatureTable) -> str:
    """The event time as it compares.

    Of a String it is text that sorts: ``…00Z`` would sort after ``…00.5Z``.
    """
    event = name(table.event_time.name.lower())
    if table.event_time_type is not EventTimeType.STRING:
        return event
    fraction = f"REPLACE(SUBSTR({event}, 21), 'Z', '')"
    return f"SUBSTR({event}, 1, 19) || RPAD({fraction}, 9, '0')"


def _order(join: Join) -> str:
    live = "CASE WHEN gone THEN '0' ELSE '1' END"
    if join.is_text:  # all three have a fixed width
        return f"e || {live} || w"
    return f"CAST(ROW(e, {live}, w) AS {order_type(join)})"


def _version(join: Join) -> str:
    """The features in a ROW that is never null: MAX_BY over a nullable column differs by engine."""
    values = ["gone", "e", *(f"f{place}" for place, _ in _numbered(join))]
    fields = ["gone BOOLEAN", f"e {event_type(join)}"]
    fields += [f"f{place} {sql_type(feature)}" for place, (feature, _) in _numbered(join)]
    return f"CAST(ROW({', '.join(values)}) AS ROW({', '.join(fields)}))"


def _numbered(join: Join) -> Iterator[tuple[int, tuple[FeatureDefinition, str]]]:
    return enumerate(join.features)


def feature_value(join: Join, feature: FeatureDefinition) -> str:
    """The column, or null where the snapshot is older than the feature."""
    column = feature.name.lower()
    if column in join.version.columns:
        return name(column)
    return f"CAST(NULL AS {sql_type(feature)})"


def _source(join: Join) -> str:
    table = table_name(join.table.database, join.table.table)
    snapshot = join.version.snapshot_id
    return table if snapshot is None else f"{table} FOR VERSION AS OF {snapshot:d}"


def bounds(join: Join) -> Iterator[str]:
    """Conditions on bare columns, by which Iceberg prunes partitions and files."""
    event, cut = name(join.table.event_time.name.lower()), join.cut
    earliest = None if cut.look_back is None else join.first - cut.look_back
    if join.is_text:
        after = _day(join.last, 1)
        if after:
            yield f"{event} < {literal(after)}"
        before = None if earliest is None else _day(earliest, 0)
        if before:
            yield f"{event} >= {literal(before)}"
    else:
        yield f"{event} <= {double(seconds_not_after(join.last))}"
        if earliest is not None:
            yield f"{event} >= {double(seconds_not_before(earliest))}"
    until = (cut.known_as_of, join.version.written_until)
    written = [each for each in until if each is not None]
    if cut.as_known_then:
        written.append(join.last // 1000)
    if written:
        yield f"write_time <= {timestamp(min(written))}"
    if join.version.empty:
        yield "1 = 0"


def _day(nanos: int, later: int) -> str | None:
    """The UTC day of an instant, or a later one; ``None`` beyond the calendar."""
    try:
        return str((_EPOCH + timedelta(days=nanos // (86_400 * NANOS) + later)).date())
    except OverflowError:
        return None
