"""Whatever the order of arrival, a record ends at its greatest version."""

import random

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.event_time import EventTimeType, nanos_to_iso, parse_event_time
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.codec import pack, unpack
from larder.records.record import RecordVersion, Slot, State
from larder.testing.records import MemoryRecordStore
from tests.support.examples import examples
from tests.support.tables import create_records_table

SLOT = Slot("uid", 64, "c1")
NOW = 10**18


@pytest.fixture(scope="module")
def table():
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_records_table(client, "records")
        yield DynamoRecordStore(BotoDynamo(client), "records")


versions = st.builds(
    lambda event, write, soft: RecordVersion(
        identifier="c1",
        event_key=event,
        write_time=write,
        invocation_time=write,
        state=State.SOFT_DELETED if soft else State.LIVE,
        packed=pack({0: "c1", 1: f"{event}/{write}/{soft}"}),
        schema_version=2,
    ),
    st.integers(-3, 3),
    st.integers(1, 4),
    st.booleans(),
)


@given(st.lists(versions, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_at_the_greatest_version(each, order):
    order.shuffle(each)
    store = MemoryRecordStore()
    for version in each:
        store.put(SLOT, version, now_nanos=NOW)
    assert store.records[SLOT] == max(each, key=RecordVersion.order)


_lives = iter(range(10**9))


@examples(0.6)
@given(st.lists(st.tuples(versions, st.booleans()), min_size=1, max_size=10))
def test_dynamodb_agrees_with_memory_step_by_step(table, history):
    slot = Slot(f"uid{next(_lives)}", 64, "c1")
    memory = MemoryRecordStore()
    for version, hard in history:
        write = "hard_delete" if hard else "put"
        given_ = version if not hard else _hard(version)
        theirs = getattr(table, write)(slot, given_, now_nanos=NOW)
        assert theirs == getattr(memory, write)(slot, given_, now_nanos=NOW)
        assert table.get([slot]).found == memory.get([slot]).found


def _hard(version):
    return RecordVersion(
        identifier=version.identifier,
        event_key=version.event_key,
        write_time=version.write_time,
        invocation_time=version.invocation_time,
        state=State.HARD_DELETED,
        packed=version.packed,
        schema_version=version.schema_version,
    )


@given(st.integers(-62_167_219_200 * 10**9, 253_402_300_799_999_999_999))
def test_an_instant_survives_its_text(nanos):
    assert parse_event_time(nanos_to_iso(nanos), EventTimeType.STRING) == nanos


@given(
    st.floats(-62_167_219_200.0, 253_402_300_799.0),
    st.floats(-62_167_219_200.0, 253_402_300_799.0),
)
def test_fractional_keys_order_as_their_numbers(one, other):
    keys = [parse_event_time(repr(each), EventTimeType.FRACTIONAL) for each in (one, other)]
    assert (keys[0] < keys[1], keys[0] == keys[1]) == (one < other, one == other)


@given(
    st.dictionaries(
        st.integers(0, 40),
        st.text(st.characters(exclude_categories=["Cs"]))
        | st.lists(st.text(alphabet="añ1"), max_size=4),
        min_size=1,
    )
)
def test_values_survive_packing_verbatim(values):
    row = unpack(pack(values))
    assert {n: each for n, each in enumerate(row) if each is not None} == values


def test_a_thousand_writers_in_random_order_end_at_the_greatest_event_time(table):
    each = [
        RecordVersion("c1", n, n + 1, n + 1, State.LIVE, pack({0: "c1", 1: str(n)}), 2)
        for n in range(1000)
    ]
    random.Random(7).shuffle(each)
    slot = Slot("uid-thousand", 64, "c1")
    for version in each:
        table.put(slot, version, now_nanos=NOW)
    assert table.get([slot]).found[slot].event_key == 999
