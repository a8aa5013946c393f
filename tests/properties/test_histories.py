"""The data plane under random histories: no step may diverge from the oracle.

The planted bugs show that a divergence would be found: each breaks one rule of the store or the
reader, and the same machine must catch it.
"""

import time
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lambdas.runtime.routes import create_handler
from larder.groups.feature_group import OnlineStore, StorageType
from larder.records.api.operations import RuntimeApi
from larder.records.codec import unpack
from larder.records.listing import RecordLister
from larder.records.ports import Consistency, Reads
from larder.records.read import RecordReader
from larder.records.record import RecordVersion, State
from larder.records.update import RecordUpdater
from larder.records.write import RecordWriter
from larder.testing.records import MemoryRecordStore
from tests.properties.histories import Histories, run_on_dynamodb
from tests.support.doors import bound_client
from tests.support.groups import feature_group, group_settings

_numbers = count()
_door = {}
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
HISTORIES = settings(
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    max_examples=100,
    stateful_step_count=50,
    suppress_health_check=CHECKS,
)
# moto takes 50 ms a step: `make soak` takes 500 histories of it
FEW_HISTORIES = settings(HISTORIES, max_examples=12)
HUNT = settings(HISTORIES, max_examples=200, derandomize=True, database=None, print_blob=False)


def client_over(store, group, reader=RecordReader, clock=time.time_ns):
    """A boto3 client whose requests end in the given store."""
    known = group_settings(group, lifetime=1e9)
    api = RuntimeApi(
        reader=reader(store, known, clock),
        writer=RecordWriter(store, known, clock),
        updater=RecordUpdater(store, known, clock),
        lister=RecordLister(store, known, clock),
    )
    _door["handler"] = create_handler(api)
    return _client()


def _serve(event, context):
    with redirect_stdout(StringIO()):
        return _door["handler"](event, context)


@cache
def _client():
    return bound_client("sagemaker-featurestore-runtime", _serve)


def machine(store_of, reader=RecordReader):
    class Machine(Histories):
        def door(self):
            name = f"group-{next(_numbers)}"
            tier = OnlineStore(StorageType.STANDARD_V2)
            group = feature_group(name, uid=name, online=tier, shards=2)
            self.store = store_of()
            return client_over(self.store, group, reader), name

        def teardown(self):
            if isinstance(getattr(self, "store", None), MemoryRecordStore):
                assert self.offline() == sorted(
                    (identifier, moment, deleted, sorted((record or {}).items()))
                    for identifier, moment, deleted, record in self.oracle.history
                )

        def offline(self):
            """What left for the offline store, each version once, as the oracle says it."""
            store = self.store
            versions = [each for _, each in store.accepted] + list(store.logged.values())
            return sorted(map(_as_owed, versions))

    return Machine


def _as_owed(version):
    names = ["customer_id", "event_time", "clicks", "score", "city"]
    row = dict(zip(names, unpack(version.packed), strict=False))
    deleted = version.state is not State.LIVE
    record = [] if deleted else sorted((n, v) for n, v in row.items() if v is not None)
    return row["customer_id"], row["event_time"], deleted, record


def test_the_store_in_memory_and_its_log_follow_the_oracle():
    run_state_machine_as_test(machine(MemoryRecordStore), settings=HISTORIES)


def test_dynamodb_follows_the_oracle():
    run_on_dynamodb(machine, FEW_HISTORIES)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_five_hundred_histories_in_memory_and_on_dynamodb_follow_the_oracle():
    many = settings(HISTORIES, max_examples=500)
    run_state_machine_as_test(machine(MemoryRecordStore), settings=many)
    run_on_dynamodb(machine, many)


class OlderWins(MemoryRecordStore):
    """Bug: an older event time overwrites a newer one."""

    def put(self, slot, version, *, now_nanos):
        self._accept(slot, version)


class NeverExpires(MemoryRecordStore):
    """Bug: time to live is forgotten."""

    def get(self, slots, *, consistency=Consistency.DEFAULT):
        reads = super().get(slots, consistency=consistency)
        fresh = {slot: _without_expiry(version) for slot, version in reads.found.items()}
        return Reads(fresh, frozenset())


class HardDeleteStays(MemoryRecordStore):
    """Bug: a hard delete leaves a tombstone that older records can't pass."""

    def hard_delete(self, slot, marker, *, now_nanos):
        winner = super().hard_delete(slot, marker, now_nanos=now_nanos)
        if winner is None:
            self.records[slot] = _with_state(marker, State.SOFT_DELETED)
        return winner


class LeavesSomeUnread(MemoryRecordStore):
    """No bug: now and then a batch leaves its last key unprocessed."""

    calls = 0

    def get(self, slots, *, consistency=Consistency.DEFAULT):
        self.calls += 1
        reads = super().get(slots, consistency=consistency)
        if len(slots) == 1 or self.calls % 2:
            return reads
        found = {slot: each for slot, each in reads.found.items() if slot != slots[-1]}
        return Reads(found, frozenset(slots[-1:]))


class ForgetsUnread(RecordReader):
    """Bug: what was left unprocessed is reported as missing."""

    def batch_get(self, requests, consistency=Consistency.DEFAULT):
        outcome = super().batch_get(requests, consistency)
        outcome.unprocessed.clear()
        return outcome


def _without_expiry(version):
    return _changed(version, expires_at=None)


def _with_state(version, state):
    return _changed(version, state=state)


def _changed(version, **changes):
    names = RecordVersion.__dataclass_fields__
    return RecordVersion(**{name: getattr(version, name) for name in names} | changes)


def test_unprocessed_keys_are_followed_by_the_caller():
    run_state_machine_as_test(machine(LeavesSomeUnread), settings=HISTORIES)


@pytest.mark.parametrize(
    ("store", "reader"),
    [
        (OlderWins, RecordReader),
        (NeverExpires, RecordReader),
        (HardDeleteStays, RecordReader),
        (LeavesSomeUnread, ForgetsUnread),
    ],
)
def test_a_planted_bug_is_caught(store, reader):
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(machine(store, reader), settings=HUNT)
