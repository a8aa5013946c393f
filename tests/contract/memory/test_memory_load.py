"""Entries loaded in bulk into a real Valkey are those that single writes make."""

import time
from dataclasses import replace

import pyarrow as pa
import pytest

from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureType,
    OnlineStore,
    StorageType,
    TtlDuration,
)
from larder.ingestion.adapters.versions import VersionRows
from larder.materialization.adapters.memory_entries import Entries
from larder.materialization.adapters.memory_load import MemoryLoader
from larder.memory.compare_and_set import COMPARE_AND_SET
from larder.memory.entry import entry_parts, memory_key, read_entry
from larder.memory.tier import MemoryTier
from larder.valkey import Valkey
from larder.valkey.requests import script_requests
from tests.support.groups import FEATURES, feature_group
from tests.support.valkey_servers import valkey_server

WRITTEN = 1_700_000_000_000_000
TIMES = ["2024-01-31T12:00:00.123Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
         "1969-12-31T23:59:59.5Z"]  # fmt: skip
SECONDS = [0.0, -0.5, 1.7e9, -6.2e10, 2.5e11, 1e-300]
IN_MEMORY = OnlineStore(StorageType.IN_MEMORY)
TEXT = feature_group(online=IN_MEMORY)
NUMBERS = feature_group(
    features=(FEATURES[0], FeatureDefinition("event_time", FeatureType.FRACTIONAL)),
    online=IN_MEMORY,
)
EXPIRING = replace(TEXT, online=replace(IN_MEMORY, ttl=TtlDuration("Weeks", 3)))


def keyed(group, count=400, written=WRITTEN):
    names = [f"c{n}" for n in range(count - 1)] + ["ü" * 600]
    times = TIMES if group.event_time_type == "String" else SECONDS
    columns = {"f0": names, "f1": [times[n % len(times)] for n in range(count)]}
    if len(group.features) > 2:
        columns |= {"f2": list(range(count)), "f3": [0.5] * count, "f4": ["Oslo", None] * 200}
    rows = VersionRows(group, recorded=True)
    table = rows.keyed(pa.table(columns), pa.array([written + n for n in range(count)]))
    return table, list(rows.versions(table))


@pytest.mark.parametrize("epoch", ["", "1f2e3d4c."])
@pytest.mark.parametrize("group", [TEXT, NUMBERS, EXPIRING], ids=["text", "seconds", "expiring"])
def test_requests_are_those_of_single_versions(group, epoch):
    table, versions = keyed(group)
    entries = Entries(group, offline=2, epoch=epoch)
    keys, requests = entries.requests(table, now_ms=0.0, deadline_ms=99.0)
    for (slot, version), key, request in zip(
        versions, keys.to_pylist(), requests.to_pylist(), strict=True
    ):
        lifetime = request.split(b"\r\n")[-2]
        assert key == memory_key(slot, epoch)
        call = (key, (*entry_parts(version), lifetime, b"99", lifetime))
        assert script_requests(COMPARE_AND_SET, [call]) == [request]


@pytest.fixture(scope="module")
def server():
    with valkey_server() as running:
        yield running


@pytest.fixture
def valkey(server):
    client = Valkey(server.endpoint)
    server.command("FLUSHALL")
    yield client
    client.close()


def load(valkey, table, began_ms=None, group=TEXT):
    began_ms = time.time() * 1000 if began_ms is None else began_ms
    return MemoryLoader(valkey, Entries(group, offline=2)).load([(table, began_ms)])


def test_loaded_records_are_read_by_the_tier(valkey):
    table, versions = keyed(TEXT)
    counts = load(valkey, table)
    assert (counts.written, counts.missed) == (len(versions), 0)
    assert MemoryTier(valkey, read_seconds=5.0).get([slot for slot, _ in versions]) == dict(
        versions
    )


def test_a_newer_entry_stays(valkey):
    newer, versions = keyed(TEXT, written=WRITTEN + 10**6)
    load(valkey, newer)
    counts = load(valkey, keyed(TEXT)[0])
    assert (counts.written, counts.kept) == (0, len(versions))
    slot, version = versions[0]
    (entry,) = valkey.get([memory_key(slot)], seconds=1.0)
    assert read_entry(entry, slot.identifier)[0] == version


def test_what_was_confirmed_too_long_ago_is_not_taken(valkey):
    table, versions = keyed(TEXT)
    counts = load(valkey, table, began_ms=time.time() * 1000 - 5000)
    assert (counts.written, counts.late) == (0, len(versions))


def test_a_valkey_that_is_gone_is_counted_and_not_raised(server):
    gone = Valkey(replace_port(server.endpoint))
    table, versions = keyed(TEXT)
    counts = load(gone, table)
    assert counts.unanswered == counts.missed == len(versions)


def replace_port(endpoint):
    return type(endpoint).at(f"{endpoint.host}:1", tls=False)
