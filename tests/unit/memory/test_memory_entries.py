"""Entries of the in-memory tier: nothing of a version is lost, and bytes compare as versions do."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.event_time import NANOS, EventTimeType, parse_event_time
from larder.memory.entry import (
    LIFETIME_SECONDS,
    RACE_SECONDS,
    entry_parts,
    lifetime_ms,
    memory_key,
    rank,
    read_entry,
)
from larder.records.codec import pack
from larder.records.record import RecordVersion, Slot, State

OLDEST = parse_event_time("0000-01-01T00:00:00Z", EventTimeType.STRING)
NEWEST = parse_event_time("9999-12-31T23:59:59.999999999Z", EventTimeType.STRING)
NOW = 1_700_000_000 * NANOS

event_keys = st.integers(OLDEST, NEWEST) | st.integers(-(2**63), 2**63)
versions = st.builds(
    RecordVersion,
    identifier=st.just("c1"),
    event_key=event_keys,
    write_time=st.integers(0, 2**62),
    invocation_time=st.just(0),
    state=st.sampled_from(State),
    packed=st.binary(max_size=64).map(lambda text: pack({0: "c1", 1: text.hex()})),
    schema_version=st.integers(2, 2500),
    expires_at=st.none() | st.integers(OLDEST, NEWEST + 2**63),
    offline=st.booleans(),
    life=st.integers(0, 2**31),
)


def entry(version, stored_ms=5.0):
    order, rest = entry_parts(version)
    return order + struct.pack(">d", stored_ms) + rest


@given(versions)
def test_a_version_comes_back_whole(version):
    assert read_entry(entry(version), "c1") == (version, 5.0)


def test_the_layout_is_the_one_that_other_releases_read():
    """Functions of two releases share a cache while one replaces the other."""
    version = RecordVersion("c1", 5, 9, 4, State.LIVE, b'["c1"]', 2, expires_at=-1, life=1)
    assert entry(version) == bytes.fromhex(
        "00000001 00000001 80000000 00000000 00000005 00000001 00000000 00000009 "
        "40140000 00000000 "
        "00000000 00000005 00000201 ffffffff ffffffff ffffffff 5b226331 225d"
    )


@given(versions, versions)
def test_orders_compare_as_versions_of_one_record_do(one, other):
    assert (entry_parts(one)[0] < entry_parts(other)[0]) == (rank(one) < rank(other))


@pytest.mark.parametrize("entry", [b"", b"x", b"\xff" * 59, b"\xff" * 80])
def test_other_bytes_are_no_entry(entry):
    with pytest.raises(ValueError, match="entry of the in-memory tier"):
        read_entry(entry, "c1")


def test_long_identifiers_have_short_keys():
    assert memory_key(Slot("uid", 64, "c1", True)) == b"r:uid:rc1"
    assert len(memory_key(Slot("uid", 64, "l" * 2048, True))) < 80


def test_entries_of_another_restore_have_other_keys():
    slot = Slot("uid", 64, "c1", True)
    assert memory_key(slot, "1f2e3d4c.") == b"r:1f2e3d4c.uid:rc1"


def test_an_entry_lives_five_minutes_at_most_and_not_past_its_expiry():
    version = RecordVersion("c1", NOW, 1, 1, State.LIVE, pack({0: "c1"}), 1)
    lives = [lifetime_ms(version, NOW) for _ in range(200)]
    assert min(lives) >= 0.8 * LIFETIME_SECONDS * 1000
    assert max(lives) <= LIFETIME_SECONDS * 1000
    assert len(set(lives)) > 100
    soon = replace(version, expires_at=NOW + 10 * NANOS)
    assert lifetime_ms(soon, NOW) == 10_000
    past = replace(version, expires_at=NOW - 10 * NANOS)
    assert lifetime_ms(past, NOW) == RACE_SECONDS * 1000
