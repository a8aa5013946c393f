"""Which rows a change of the records table must still write into the offline table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.event_time import NANOS, nanos_to_iso
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.offline.adapters.dynamodb_stream import parse_change
from larder.offline.rows import OfflineRow, row_of, rows_due
from larder.records.record import State
from tests.support.groups import FEATURES, feature_group
from tests.support.offline import NOON, WRITTEN, stream_record, version

GROUP = feature_group()
NOON_NANOS = 1_706_702_400 * NANOS
VALUES = {"customer_id": "c1", "event_time": NOON, "clicks": "3", "score": "0.50", "city": "Oslo"}
EXPIRY_ROW = OfflineRow(
    identifier="c1",
    event_time="2024-01-31T12:00:30Z",
    write_time=(NOON_NANOS + 30 * NANOS) // 1000,
    invocation_time=(NOON_NANOS + 30 * NANOS) // 1000,
    is_deleted=True,
    values=("c1", "2024-01-31T12:00:30Z"),
)


def rows(group=GROUP, **record):
    change = parse_change(stream_record(group, **record))
    return [row_of(due, group) for due in rows_due(change)]


def live(**changes):
    return version(GROUP, VALUES, **changes)


def expiring(**changes):
    return live(expires_at=NOON_NANOS + 30 * NANOS, **changes)


def test_a_new_record_is_one_row_in_the_types_of_its_columns():
    assert rows(new=live()) == [
        OfflineRow("c1", NOON, WRITTEN, WRITTEN - 7, False, ("c1", NOON, 3, 0.5, "Oslo"))
    ]


def test_a_changed_record_is_a_row_of_the_new_version_alone():
    later = live(write_time=WRITTEN + 5)
    assert [row.write_time for row in rows(new=later, old=live())] == [WRITTEN + 5]


@pytest.mark.parametrize("state", [State.SOFT_DELETED, State.HARD_DELETED])
def test_a_deletion_is_a_row_of_identifier_and_event_time_with_all_else_null(state):
    marker = version(GROUP, {"customer_id": "c1", "event_time": NOON}, state=state)
    assert rows(new=marker, old=live()) == [
        OfflineRow("c1", NOON, WRITTEN, WRITTEN - 7, True, ("c1", NOON))
    ]


def test_a_log_item_is_the_row_of_its_version():
    assert rows(new=live(), log=True) == rows(new=live())


@pytest.mark.parametrize(
    "record",
    [
        {"new": live(offline=False)},
        {"old": live()},
        {"old": live(), "log": True, "by_ttl": True},
        {"old": live(state=State.SOFT_DELETED), "by_ttl": True},
        {"old": live(state=State.HARD_DELETED), "by_ttl": True},
        {"old": expiring(offline=False), "by_ttl": True},
        {"old": expiring()},
    ],
    ids=[
        "an online-only write",
        "a purge",
        "a log item that has served",
        "a tombstone",
        "a hidden tombstone",
        "the expiry of an online-only record",
        "a purge of an expiring record",
    ],
)
def test_owes_no_row(record):
    assert rows(**record) == []


def test_the_services_removal_of_an_expired_record_is_a_deletion_at_its_expiry():
    assert rows(old=expiring(), by_ttl=True) == [EXPIRY_ROW]


def test_a_record_that_replaces_an_expired_one_owes_the_expiry_too():
    new = live(write_time=(NOON_NANOS + 31 * NANOS) // 1000)
    assert rows(new=new, old=expiring())[0] == EXPIRY_ROW
    assert [row.is_deleted for row in rows(new=new, old=expiring())] == [True, False]


def test_a_record_replaced_before_it_expired_does_not_expire():
    new = live(write_time=(NOON_NANOS + 30 * NANOS) // 1000 - 1)
    assert [row.is_deleted for row in rows(new=new, old=expiring())] == [False]


def test_an_expiry_has_one_key_however_it_was_noticed():
    new = live(write_time=(NOON_NANOS + 31 * NANOS) // 1000)
    noticed_by_write = rows(new=new, old=expiring())[0]
    assert noticed_by_write.key == rows(old=expiring(), by_ttl=True)[0].key


def test_a_fractional_event_time_is_a_double_also_where_it_expires():
    features = (FEATURES[0], FeatureDefinition("event_time", FeatureType.FRACTIONAL))
    group = feature_group(features=features)
    values = {"customer_id": "c1", "event_time": "1700000000.5"}
    record = version(group, values, expires_at=1_700_000_001_250_000_000)
    assert [row.event_time for row in rows(group, new=record)] == [1700000000.5]
    assert [row.event_time for row in rows(group, old=record, by_ttl=True)] == [1700000001.25]


@pytest.mark.parametrize("late_by", [1, 10**6, 86_400 * 10**6, WRITTEN + 62_167_219_100 * 10**6])
def test_p4_the_expiry_of_a_record_that_came_late_is_not_known_before_the_record(late_by):
    expires_at = (WRITTEN - late_by) * 1000
    values = VALUES | {"event_time": "0000-01-01T00:00:00Z"}
    (expiry,) = rows(old=version(GROUP, values, expires_at=expires_at), by_ttl=True)
    assert (expiry.write_time, expiry.invocation_time) == (WRITTEN, WRITTEN)
    assert expiry.event_time == nanos_to_iso(expires_at)


def test_collections_become_lists_of_their_element_type():
    shapes = (
        FeatureDefinition("tags", FeatureType.STRING, CollectionType.SET),
        FeatureDefinition("counts", FeatureType.INTEGRAL, CollectionType.LIST),
        FeatureDefinition("place", FeatureType.FRACTIONAL, CollectionType.VECTOR, 2),
    )
    group = feature_group(features=(*FEATURES[:2], *shapes))
    values = {"customer_id": "c1", "event_time": NOON}
    values |= {"tags": ["a", "b"], "counts": ["1", "-2"], "place": ["0.5", "1"]}
    (row,) = rows(group, new=version(group, values))
    assert row.values[2:] == (["a", "b"], [1, -2], [0.5, 1.0])


def test_identifiers_that_denote_one_record_are_one_value():
    features = (FeatureDefinition("customer_id", FeatureType.INTEGRAL), *FEATURES[1:])
    group = feature_group(features=features)
    keys = {
        rows(group, new=version(group, VALUES | {"customer_id": text}))[0].key
        for text in ("7", "07", "+7")
    }
    assert keys == {(7, NOON, WRITTEN)}


def test_a_record_of_the_schema_before_a_feature_was_added_ends_early():
    record = version(GROUP, {"customer_id": "c1", "event_time": NOON, "clicks": "3"})
    assert rows(new=record)[0].values == ("c1", NOON, 3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"clicks": "9223372036854775808"}, "not a whole number"),
        ({"clicks": "many"}, "not a whole number"),
        ({"score": "1e999"}, "not a finite number"),
        ({"score": ["1"]}, "scalar"),
    ],
)
def test_a_value_that_does_not_fit_its_column_says_so(values, words):
    with pytest.raises(ValueError, match=words):
        rows(new=version(GROUP, VALUES | values))


def test_a_record_without_its_identifier_says_so():
    record = version(GROUP, VALUES, packed=b'[null,"2024-01-31T12:00:00Z"]')
    with pytest.raises(ValueError, match="lacks its identifier, 'customer_id'"):
        rows(new=record)


def test_a_record_with_more_values_than_the_registry_knows_says_so():
    with pytest.raises(ValueError, match="6 values, group customers has 5"):
        rows(new=version(GROUP, VALUES, packed=b'["c1","2024-01-31T12:00:00Z",1,1,1,1]'))


@given(
    write_time=st.integers(0, 4_000_000_000_000_000),
    expires=st.integers(-60_000_000_000_000_000_000, 9_000_000_000_000_000_000),
)
def test_redelivery_gives_equal_rows(write_time, expires):
    record = live(write_time=write_time, expires_at=expires)
    for delivery in ({"new": record}, {"old": record, "by_ttl": True}):
        assert rows(**delivery) == rows(**delivery, sequence=99)
