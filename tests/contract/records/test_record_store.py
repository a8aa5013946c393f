"""What every record store promises, asked of each implementation."""

from contextlib import closing
from dataclasses import replace
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.event_time import NANOS
from larder.memory.tier import MemoryTier
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.adapters.dynamodb_item import record_key
from larder.records.codec import pack
from larder.records.record import RecordVersion, Slot, State
from larder.testing.records import MemoryRecordStore
from larder.valkey import Valkey
from tests.support.moto_cloud import moto_cloud
from tests.support.stores import Tiered
from tests.support.tables import create_records_table
from tests.support.valkey_servers import valkey_server
from tests.support.wire import wire_client

NOW = 1_700_000_000 * NANOS
SLOT = Slot("uid1", 64, "customer-1", in_memory=True)


@pytest.fixture(scope="module")
def dynamodb_url():
    """DynamoDB over HTTP, in a process of its own."""
    with moto_cloud() as url:
        yield url


@pytest.fixture(scope="module")
def valkey():
    """A real Valkey."""
    with valkey_server() as server:
        yield server


@pytest.fixture(params=["memory", "dynamodb", "dynamodb-wire", "tiered"])
def store(request):
    if request.param == "memory":
        yield MemoryRecordStore()
    elif request.param == "tiered":
        server = request.getfixturevalue("valkey")
        server.command("FLUSHALL")
        valkey = Valkey(server.endpoint)
        tier = MemoryTier(valkey, read_seconds=5, write_seconds=5)
        with closing(valkey), mock_aws():
            client = boto3.client("dynamodb", region_name="us-east-1")
            create_records_table(client, "records")
            durable = DynamoRecordStore(BotoDynamo(client), "records", projection=tier.accept)
            yield Tiered(durable, tier)
    elif request.param == "dynamodb":
        with mock_aws():
            client = boto3.client("dynamodb", region_name="us-east-1")
            create_records_table(client, "records")
            yield DynamoRecordStore(BotoDynamo(client), "records")
    else:
        url, table = request.getfixturevalue("dynamodb_url"), f"records-{uuid4()}"
        create_records_table(boto3.client("dynamodb", endpoint_url=url), table)
        dynamodb, close = wire_client(url)
        yield DynamoRecordStore(dynamodb, table)
        close()


def version(event_key, write_time=1, state=State.LIVE, **changes):
    base = RecordVersion(
        identifier=SLOT.identifier,
        event_key=event_key,
        write_time=write_time,
        invocation_time=write_time,
        state=state,
        packed=pack({0: SLOT.identifier, 1: str(event_key), 2: f"{event_key}/{write_time}"}),
        schema_version=3,
    )
    return replace(base, **changes)


def put(store, each, now=NOW):
    return store.put(SLOT, each, now_nanos=now)


def stored(store):
    return store.get([SLOT]).found.get(SLOT)


def test_a_first_version_is_stored_and_read_back_whole(store):
    first = version(5, expires_at=NOW + 1, offline=False, write_time=9, invocation_time=4)
    assert put(store, first) is None
    assert stored(store) == first


def test_a_newer_event_time_replaces_the_older_one(store):
    put(store, version(5, expires_at=NOW + 1, offline=False))
    assert put(store, version(6)) is None
    assert stored(store) == version(6)


def test_an_older_event_time_is_refused_with_the_version_in_its_way(store):
    put(store, version(6))
    assert put(store, version(5, 99)) == version(6)
    assert stored(store) == version(6)


def test_negative_event_times_order_as_numbers(store):
    put(store, version(-20))
    assert put(store, version(-3)) is None
    assert put(store, version(-100)) == version(-3)


def test_an_equal_event_time_with_a_later_write_time_is_a_correction(store):
    put(store, version(6, 1))
    assert put(store, version(6, 2)) is None
    assert stored(store) == version(6, 2)


def test_an_equal_event_time_with_an_older_write_time_is_refused(store):
    put(store, version(6, 2))
    assert put(store, version(6, 1)) == version(6, 2)


def test_the_same_write_tried_again_is_accepted_as_the_one_it_is(store):
    put(store, version(6, 2))
    assert put(store, version(6, 2)) is None
    assert stored(store) == version(6, 2)


def test_another_write_at_the_same_instant_is_refused(store):
    put(store, version(6, 2))
    assert put(store, version(6, 2, packed=pack({0: "else"}))) == version(6, 2)


def test_an_expired_version_is_no_obstacle_to_an_older_event_time(store):
    put(store, version(6, expires_at=NOW))
    assert put(store, version(5)) is None
    assert stored(store) == version(5)


def test_a_version_that_has_not_expired_stands(store):
    put(store, version(6, expires_at=NOW + 1))
    assert put(store, version(5)) == version(6, expires_at=NOW + 1)


def test_a_soft_delete_replaces_an_older_record(store):
    put(store, version(6, expires_at=NOW + 5))
    marker = version(7, state=State.SOFT_DELETED)
    assert put(store, marker) is None
    assert stored(store) == marker


@pytest.mark.parametrize("event_key", [5, 6])
def test_a_soft_delete_that_is_not_later_is_refused(store, event_key):
    put(store, version(6))
    assert put(store, version(event_key, 99, State.SOFT_DELETED)) == version(6)


def test_a_soft_delete_of_an_unknown_record_leaves_a_tombstone(store):
    marker = version(7, state=State.SOFT_DELETED)
    assert put(store, marker) is None
    assert put(store, version(6)) == marker


@pytest.mark.parametrize("event_key", [7, 8])
def test_a_record_at_or_after_its_tombstone_is_stored(store, event_key):
    put(store, version(7, 5, State.SOFT_DELETED))
    assert put(store, version(event_key, 1)) is None
    assert stored(store) == version(event_key, 1)


def test_a_hard_delete_hides_the_record_and_starts_its_next_life(store):
    put(store, version(6))
    marker = version(7, state=State.HARD_DELETED)
    assert store.hard_delete(SLOT, marker, now_nanos=NOW) is None
    assert stored(store) == replace(marker, life=1)


def test_after_a_hard_delete_an_older_record_is_stored_in_the_next_life(store):
    put(store, version(6))
    store.hard_delete(SLOT, version(7, state=State.HARD_DELETED), now_nanos=NOW)
    assert put(store, version(2)) is None
    assert stored(store) == version(2, life=1)


def test_lives_are_counted_up_by_each_hard_delete(store):
    for event_key in (2, 4):
        put(store, version(event_key))
        marker = version(event_key + 1, state=State.HARD_DELETED)
        store.hard_delete(SLOT, marker, now_nanos=NOW)
    assert stored(store).life == 2


@pytest.mark.parametrize("event_key", [5, 6])
def test_a_hard_delete_that_is_not_later_is_refused(store, event_key):
    put(store, version(6))
    marker = version(event_key, 99, State.HARD_DELETED)
    assert store.hard_delete(SLOT, marker, now_nanos=NOW) == version(6)
    assert stored(store) == version(6)


def test_a_log_entry_is_kept_once_and_told_from_other_content(store):
    late = version(1)
    assert store.log(SLOT, late, now_nanos=NOW)
    assert store.log(SLOT, late, now_nanos=NOW)
    assert not store.log(SLOT, replace(late, packed=pack({0: "x"})), now_nanos=NOW)
    assert stored(store) is None


def test_a_batch_reads_what_is_there_and_leaves_out_what_is_not(store):
    identifiers = ["a", "ä/b c,", "n" * 1500, "long" * 500, "missing"]
    slots = [Slot("uid1", 64, each) for each in identifiers]
    versions = {slot: version(3, identifier=slot.identifier) for slot in slots[:-1]}
    for slot, each in versions.items():
        store.put(slot, each, now_nanos=NOW)
    reads = store.get(slots)
    assert reads.found == versions
    assert not reads.unprocessed


def test_two_lives_of_a_name_do_not_see_each_other(store):
    put(store, version(6))
    assert store.get([SLOT._replace(uid="uid2")]).found == {}


def test_a_replacement_takes_the_place_of_what_was_read(store):
    put(store, version(6))
    assert store.replace(SLOT, version(6), version(6, 2), now_nanos=NOW)
    assert stored(store) == version(6, 2)


@pytest.mark.parametrize(
    "between", [version(6, 2), version(7), version(8, state=State.SOFT_DELETED)]
)
def test_a_replacement_gives_way_to_a_write_in_between(store, between):
    put(store, version(6))
    put(store, between)
    assert not store.replace(SLOT, version(6), version(9), now_nanos=NOW)
    assert stored(store) == between


def test_a_replacement_of_what_expired_or_never_was_is_refused(store):
    assert not store.replace(SLOT, version(6), version(7), now_nanos=NOW)
    put(store, version(6, expires_at=NOW + 1))
    assert not store.replace(SLOT, version(6, expires_at=NOW + 1), version(7), now_nanos=NOW + 1)


def test_a_shard_is_paged_through_without_gaps_or_repeats(store):
    slots = [Slot("uid1", 1, f"c{n}") for n in range(7)] + [Slot("uid1", 1, "l" * 2000)]
    for n, slot in enumerate(slots):
        store.put(slot, version(n, identifier=slot.identifier), now_nanos=NOW)
    store.put(slots[0]._replace(uid="uid2"), version(1), now_nanos=NOW)
    entries, after = [], None
    while True:
        page = store.shard("uid1", 0, after=after, limit=3)
        entries += page.entries
        if page.last is None:
            break
        after = page.last
    assert sorted(each.event_key for _, each in entries) == list(range(8))
    assert [position for position, _ in entries] == sorted({p for p, _ in entries})


def load(store, each, now=NOW):
    return store.load(SLOT, each, now_nanos=now)


def hard_delete(store, event_key, write_time):
    marker = version(event_key, write_time, State.HARD_DELETED)
    assert store.hard_delete(SLOT, marker, now_nanos=NOW) is None
    return marker


def test_a_load_orders_as_a_put_does(store):
    assert load(store, version(5)) is None
    assert load(store, version(6)) is None
    assert load(store, version(5, 9)) == version(6)
    assert load(store, version(6)) is None
    assert stored(store) == version(6)


@pytest.mark.parametrize("event_key", [3, 7, 9])
def test_a_load_loses_to_a_hard_delete_since_its_acceptance_whatever_the_event_times(
    store, event_key
):
    put(store, version(3, 10))
    marker = hard_delete(store, 7, 20)
    assert load(store, version(event_key, 10)) == replace(marker, life=1)
    assert load(store, version(event_key, 20)) == replace(marker, life=1)
    assert stored(store) == replace(marker, life=1)


def test_a_load_that_was_accepted_after_a_hard_delete_is_stored_in_the_next_life(store):
    put(store, version(6, 10))
    hard_delete(store, 7, 20)
    assert load(store, version(5, 21)) is None
    assert stored(store) == version(5, 21, life=1)


@pytest.mark.parametrize("expires_at", [None, NOW + 1])
def test_a_load_loses_to_a_hard_delete_behind_a_newer_record(store, expires_at):
    put(store, version(6, 10))
    hard_delete(store, 7, 20)
    newer = version(2, 30, expires_at=expires_at)
    put(store, newer)
    assert load(store, version(6, 10)) == replace(newer, life=1)
    assert load(store, version(3, 40)) is None
    assert stored(store) == version(3, 40, life=1)


def test_a_load_is_ordered_by_what_expired_since_its_acceptance(store):
    put(store, version(6, 20, expires_at=50_000))
    assert load(store, version(5, 10)) == version(6, 20, expires_at=50_000)
    assert load(store, version(5, 40)) == version(6, 20, expires_at=50_000)
    assert load(store, version(5, 51)) is None
    assert stored(store) == version(5, 51)


def test_a_load_is_ordered_by_what_was_put_since_and_had_expired_at_once(store):
    put(store, version(6, 20, expires_at=1_000))
    assert load(store, version(5, 10)) == version(6, 20, expires_at=1_000)
    assert load(store, version(7, 10)) is None


def test_a_load_meets_a_soft_delete_as_a_put_does(store):
    marker = version(7, 20, State.SOFT_DELETED)
    put(store, marker)
    assert load(store, version(6, 30)) == marker
    assert load(store, version(7, 10)) is None


@pytest.mark.parametrize("write", [put, load])
def test_an_expiring_record_in_place_of_a_hidden_tombstone_is_as_any(store, write):
    hard_delete(store, 7, 20)
    each = version(5, 30, expires_at=NOW + 1)
    assert write(store, each) is None
    assert write(store, each) is None
    assert stored(store) == replace(each, life=1)


def test_what_is_known_of_a_hard_delete_outlives_the_expiry_of_the_next_record():
    """DynamoDB removes the item of an expired record, and with it its life."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_records_table(client, "records")
        store = DynamoRecordStore(BotoDynamo(client), "records")
        written = NOW // 1000
        hard_delete(store, 7, written)
        put(store, version(8, written + 1, expires_at=NOW + NANOS))
        item = client.get_item(TableName="records", Key=record_key(SLOT))["Item"]
    assert int(item["ttl"]["N"]) >= NOW // NANOS + 8 * 86_400


def test_a_hidden_tombstone_of_an_older_release_holds_too():
    """Those have no beginning of a life."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_records_table(client, "records")
        store = DynamoRecordStore(BotoDynamo(client), "records")
        marker = hard_delete(store, 7, 20)
        client.update_item(TableName="records", Key=record_key(SLOT), UpdateExpression="REMOVE b")
        assert load(store, version(8, 10)) == replace(marker, life=1)
        assert load(store, version(8, 10, expires_at=NOW + 1)) == replace(marker, life=1)
        assert load(store, version(8, 21)) is None


def many(*names):
    return [SLOT._replace(identifier=name) for name in names]


def of(slot, *given, **changes):
    return version(*given, identifier=slot.identifier, **changes)


def test_writes_side_by_side_are_each_as_one_alone(store):
    new, older, newer, same = many("new", "older", "newer", "same")
    for slot in (older, newer, same):
        store.put(slot, of(slot, 5), now_nanos=NOW)
    writes = [(new, of(new, 5)), (older, of(older, 4)), (newer, of(newer, 6)), (same, of(same, 5))]
    results = store.put_all(writes, now_nanos=NOW)
    assert results == [None, of(older, 5), None, None]
    found = store.get([new, older, newer, same]).found
    assert [found[slot].event_key for slot in (new, older, newer, same)] == [5, 5, 6, 5]


def test_one_that_expires_takes_the_place_of_a_hidden_tombstone_beside_others(store):
    gone, other = many("gone", "other")
    tombstone = of(gone, 7, 100, state=State.HARD_DELETED)
    store.hard_delete(gone, tombstone, now_nanos=NOW)
    expiring = of(gone, 3, 200, expires_at=NOW + 10**9)
    assert store.put_all([(gone, expiring), (other, of(other, 1))], now_nanos=NOW) == [None, None]
    found = store.get([gone, other]).found
    assert found[gone] == replace(expiring, life=1)
    assert found[other] == of(other, 1)


def test_nothing_written_side_by_side_is_nothing(store):
    assert store.put_all([], now_nanos=NOW) == store.log_all([], now_nanos=NOW) == []


def test_log_items_side_by_side_are_each_as_one_alone(store):
    one, two = many("one", "two")
    assert store.log(one, of(one, 5), now_nanos=NOW)
    other = replace(of(one, 5), packed=pack({0: "one", 1: "5", 2: "another"}))
    assert store.log_all([(one, other), (two, of(two, 5))], now_nanos=NOW) == [False, True]
    assert store.log_all([(one, of(one, 5)), (two, of(two, 5))], now_nanos=NOW) == [True, True]
