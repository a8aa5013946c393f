"""What an as-of join means, told by examples."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest

from larder.as_of.oracle import (
    Cut,
    History,
    Label,
    as_of_join,
    nanos_of,
    seconds_not_after,
    seconds_not_before,
    winner,
)
from larder.errors import ValidationError
from larder.event_time import NANOS, EventTimeType
from larder.offline.rows import OfflineRow

TEXT = EventTimeType.STRING


def at(text):
    return nanos_of(f"2024-01-31T{text}Z")


def row(event_time, value, written="12:00:00", *, deleted=False):
    event_time = f"2024-01-31T{event_time}Z"
    values = ("c1", event_time) if deleted else ("c1", event_time, value)
    return OfflineRow("c1", event_time, at(written) // 1000, 0, deleted, values)


def seen(rows, moment, **cut):
    found = winner(rows, TEXT, at(moment), Cut(**cut))
    return None if found is None else found.values[2]


def test_a_label_sees_the_latest_version_up_to_its_own_time():
    rows = [row("10:00:00", 1), row("11:00:00.5", 2), row("11:00:01", 3)]
    moments = ["09:59:59", "10:00:00", "11:00:00", "11:00:00.500000000", "23:00:00"]
    assert [seen(rows, moment) for moment in moments] == [None, 1, 1, 2, 3]


def test_a_later_write_at_the_same_event_time_is_a_correction():
    assert seen([row("10:00:00", 2, "13:00:00"), row("10:00:00.0", 1)], "10:00:00") == 2


def test_a_deletion_hides_what_came_before_it_and_not_what_came_after():
    rows = [row("10:00:00", 1), row("11:00:00", None, deleted=True), row("12:00:00", 3)]
    moments = ["10:30:00", "11:00:00", "11:59:59", "12:00:00"]
    assert [seen(rows, moment) for moment in moments] == [1, None, None, 3]


def test_at_an_equal_event_time_a_live_version_beats_a_deletion_written_later():
    rows = [row("10:00:00", 1), row("10:00:00", None, "23:00:00", deleted=True)]
    assert seen(rows, "10:00:00") == 1


def test_both_ends_of_the_look_back_belong_to_it():
    hour = 3600 * NANOS
    rows = [row("10:00:00", 1)]
    assert seen(rows, "11:00:00", look_back=hour) == 1
    assert seen(rows, "11:00:00.000000001", look_back=hour) is None


def test_a_deletion_within_the_look_back_still_wins():
    rows = [row("10:00:00", 1), row("10:30:00", None, deleted=True)]
    assert seen(rows, "11:00:00", look_back=3600 * NANOS) is None


def test_what_was_written_after_the_cut_is_not_known():
    rows = [row("10:00:00", 1, "10:00:01"), row("10:00:00", 2, "20:00:00")]
    cut = at("12:00:00") // 1000
    assert (seen(rows, "23:00:00"), seen(rows, "23:00:00", known_as_of=cut)) == (2, 1)
    assert seen(rows, "23:00:00", known_as_of=at("20:00:00") // 1000) == 2


def test_as_known_then_a_late_record_is_seen_once_it_had_come():
    rows = [row("10:00:00", 1, "10:00:01"), row("10:30:00", 2, "14:00:00")]
    moments = ["10:00:00", "10:00:01", "13:59:59", "14:00:00"]
    assert [seen(rows, m, as_known_then=True) for m in moments] == [None, 1, 1, 2]


def test_every_label_row_gives_one_row_in_order_duplicates_too():
    history = History([row("10:00:00", 1)], TEXT, {"clicks": 2})
    labels = [Label(at("11:00:00"), (key,)) for key in ("c1", "c2", "c1", "c1")]
    assert as_of_join(labels, [history]) == [
        {"clicks": 1},
        {"clicks": None},
        {"clicks": 1},
        {"clicks": 1},
    ]


def test_groups_are_joined_by_their_own_keys_and_a_newer_feature_is_null_in_old_rows():
    other = OfflineRow(7, 1.5, 0, 0, False, (7, 1.5, "Oslo"))
    histories = [
        History([row("10:00:00", 1)], TEXT, {"clicks": 2, "newer": 3}),
        History([other], EventTimeType.FRACTIONAL, {"city": 2}),
    ]
    (found,) = as_of_join([Label(at("11:00:00"), ("c1", 7))], histories)
    assert found == {"clicks": 1, "newer": None, "city": "Oslo"}


@pytest.mark.parametrize(
    ("moment", "nanos"),
    [
        ("1970-01-01T00:00:01.000000001Z", NANOS + 1),
        ("1970-01-01T01:00:00+01:00", 0),
        (datetime(1970, 1, 1, 0, 0, 0, 1, UTC), 1000),
        (datetime(1970, 1, 1, tzinfo=timezone(timedelta(hours=-1))), 3600 * NANOS),
    ],
)
def test_moments_with_a_zone_are_instants(moment, nanos):
    assert nanos_of(moment) == nanos


@pytest.mark.parametrize("moment", ["2024-01-31T12:00:00", datetime(2024, 1, 31)])
def test_moments_without_a_zone_are_refused(moment):
    with pytest.raises(ValidationError, match="has no time zone, so its instant is unknown"):
        nanos_of(moment)


def test_what_is_no_moment_is_refused():
    with pytest.raises(ValidationError, match="'yesterday' is not an ISO-8601 date and time"):
        nanos_of("yesterday")


@pytest.mark.parametrize(
    "nanos", [0, 1, -1, 1_704_067_200_123_456_789, 10**18 + 1, -62_135_596_800 * NANOS + 1]
)
def test_an_instant_lies_between_the_doubles_around_it(nanos):
    exact = Fraction(nanos, NANOS)
    below, above = seconds_not_after(nanos), seconds_not_before(nanos)
    assert below <= exact <= above
    assert above - below <= abs(below) * 2**-52 + 5e-324
