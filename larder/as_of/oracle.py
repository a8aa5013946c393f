"""What an as-of join means, in plain Python: the specification that SQL is tested against.

A label row asks what was known of a record at the label's time. Of the record's versions, as the
offline store holds them, count those

* whose event time is at or before the label's time,
* with a **look-back**, whose event time is at or after label time minus look-back (both ends
  belong to the window),
* with **known as of**, that were written (accepted) at or before that instant, and
* with **as known then**, that were written at or before the label's own time: labels from before a
  late or corrected record came do not see it, just as serving did not.

The greatest by (event time, live, write time) wins (``larder.records.record``). A tombstone
that wins means that the record was absent: all features are null, as they are where nothing
counts. Every label row gives exactly one row, duplicates included, in the order given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from larder.errors import ValidationError
from larder.event_time import NANOS, EventTimeType, parse_event_time
from larder.offline.rows import Cell, OfflineRow
from larder.records.feature_values import Scalar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cut:
    """Which versions count. ``look_back`` is in nanoseconds, ``known_as_of`` in microseconds."""

    look_back: int | None = None
    known_as_of: int | None = None
    as_known_then: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """One group's rows, and what of them is asked for: ``ordinals`` of features by output name."""

    rows: Sequence[OfflineRow]
    event_time_type: EventTimeType
    ordinals: Mapping[str, int]
    cut: Cut = Cut()


@dataclass(frozen=True, slots=True)
class Label:
    """A label row: its time in nanoseconds since the epoch, and a key for each history."""

    at: int
    keys: tuple[Scalar, ...]


def as_of_join(labels: Iterable[Label], histories: Sequence[History]) -> list[dict[str, Cell]]:
    """The features of each label row, one dictionary a row, by output name."""
    by_key = [_by_identifier(history.rows) for history in histories]
    return [
        {
            name: value
            for history, rows, key in zip(histories, by_key, label.keys, strict=True)
            for name, value in _features(history, rows.get(key, ()), label.at).items()
        }
        for label in labels
    ]


def winner(rows: Iterable[OfflineRow], kind: EventTimeType, at: int, cut: Cut) -> OfflineRow | None:
    """The version of one record that an instant sees; ``None`` where the record was absent."""
    best: tuple[Fraction | int, bool, int] | None = None
    found: OfflineRow | None = None
    for row in rows:
        instant = instant_of(row.event_time, kind)
        if not _counts(row, instant, at, cut):
            continue
        order = (instant, not row.is_deleted, row.write_time)
        if best is None or order > best:
            best, found = order, row
    return None if found is None or found.is_deleted else found


def instant_of(event_time: Scalar, kind: EventTimeType) -> Fraction | int:
    """Nanoseconds since the epoch of an event time as a column holds it, exactly."""
    if kind is EventTimeType.STRING:
        return parse_event_time(str(event_time), kind)
    return Fraction(float(event_time)) * NANOS


def nanos_of(moment: datetime | str) -> int:
    """Nanoseconds since the epoch of a moment that says its time zone.

    Raises:
        ValidationError: it has no time zone, or is no ISO-8601 date and time.
    """
    if isinstance(moment, str):
        try:
            return parse_event_time(moment, EventTimeType.STRING)
        except ValidationError:
            moment = _parsed(moment)  # an offset other than Z
    if moment.utcoffset() is None:
        raise ValidationError(
            f"{moment.isoformat()} has no time zone, so its instant is unknown: add Z or "
            "an offset, or use an aware datetime"
        )
    return (moment - _EPOCH) // _MICROSECOND * 1000


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValidationError(
            f"{text[:64]!r} is not an ISO-8601 date and time with a zone: write for example "
            "2024-01-31T12:00:00Z or 2024-01-31T12:00:00+01:00"
        ) from error


def seconds_not_after(nanos: int) -> float:
    """The greatest double that is, as Unix seconds, at or before an instant."""
    seconds = nanos / NANOS
    return seconds if _at_or_before(seconds, nanos) else math.nextafter(seconds, -math.inf)


def seconds_not_before(nanos: int) -> float:
    """The least double that is, as Unix seconds, at or after an instant."""
    return -seconds_not_after(-nanos)


def _at_or_before(seconds: float, nanos: int) -> bool:
    numerator, denominator = seconds.as_integer_ratio()
    return numerator * NANOS <= nanos * denominator


def _counts(row: OfflineRow, instant: Fraction | int, at: int, cut: Cut) -> bool:
    return (
        instant <= at
        and (cut.look_back is None or instant >= at - cut.look_back)
        and (cut.known_as_of is None or row.write_time <= cut.known_as_of)
        and (not cut.as_known_then or row.write_time * 1000 <= at)
    )


def _by_identifier(rows: Iterable[OfflineRow]) -> dict[Scalar, list[OfflineRow]]:
    found: dict[Scalar, list[OfflineRow]] = {}
    for row in rows:
        found.setdefault(row.identifier, []).append(row)
    return found


def _features(history: History, rows: Iterable[OfflineRow], at: int) -> dict[str, Cell]:
    row = winner(rows, history.event_time_type, at, history.cut)
    values: tuple[Cell, ...] = row.values if row else ()
    return {
        name: values[ordinal] if ordinal < len(values) else None
        for name, ordinal in history.ordinals.items()
    }
