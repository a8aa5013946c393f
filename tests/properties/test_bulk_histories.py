"""Bulk loads among other operations: what was deleted or replaced meanwhile does not come back.

The machine is that of ``test_histories``. Beside the operations of the API it loads rows that were
accepted earlier: any row of the history, as ``larder materialize`` does, and rows of an ingestion
that was begun earlier. Between the reading of a row and its load anything may happen.
"""

from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from larder.groups.feature_group import OnlineStore, StorageType
from larder.records.codec import unpack
from larder.records.record import State
from larder.records.values import slot_of
from larder.testing.records import MemoryRecordStore
from tests.properties.histories import (
    FEATURES,
    IDENTIFIERS,
    MOMENTS,
    Histories,
    as_record,
    outcome,
    run_on_dynamodb,
)
from tests.properties.oracle import Oracle
from tests.properties.test_histories import HISTORIES, HUNT, client_over
from tests.support.clocks import Ticking
from tests.support.groups import feature_group
from tests.support.offline import version

_numbers = count()
LAST = "9999-12-31T23:59:59.000000000Z"
NAMES = ("customer_id", "event_time", "clicks", "score", "city")
FEW = settings(HISTORIES, max_examples=20, stateful_step_count=40)
ROWS = st.lists(st.tuples(IDENTIFIERS, MOMENTS, FEATURES), min_size=1, max_size=4)


class Recorded:
    """A store that remembers the live versions that it accepted, as the history does."""

    def __init__(self, store):
        self.store, self.accepted = store, []

    def __getattr__(self, name):
        return getattr(self.store, name)

    def put(self, slot, each, **more):
        winner = self.store.put(slot, each, **more)
        return self._keep(each, winner is None, winner)

    def log(self, slot, each, **more):
        kept = self.store.log(slot, each, **more)
        return self._keep(each, kept, kept)

    def replace(self, slot, stored, each, **more):
        done = self.store.replace(slot, stored, each, **more)
        return self._keep(each, done, done)

    def _keep(self, each, accepted, answer):
        if accepted and each.state is State.LIVE:
            self.accepted.append(each)
        return answer


class TimedOracle(Oracle):
    """An oracle whose operations are as late as the clock of the store's."""

    clock = None

    @property
    def now(self):
        return self.clock.nanos // 1000

    @now.setter
    def now(self, _at):
        """The clock says it."""


def machine(store_of):
    class Machine(Histories):
        def door(self):
            name = f"group-{next(_numbers)}"
            tier = OnlineStore(StorageType.STANDARD_V2)
            self.settings = feature_group(name, uid=name, online=tier, shards=2)
            self.clock, self.store, self.runs = Ticking(), Recorded(store_of()), []
            return client_over(self.store, self.settings, clock=self.clock), name

        def new_oracle(self):
            oracle = TimedOracle()
            oracle.clock = self.clock
            return oracle

        @rule(identifier=IDENTIFIERS, event_time=MOMENTS, features=FEATURES)
        def put_offline(self, identifier, event_time, features):
            answer = outcome(
                self.client.put_record,
                FeatureGroupName=self.group,
                Record=as_record(identifier, event_time, features),
                TargetStores=["OfflineStore"],
            )
            assert isinstance(answer, dict), answer

        @rule(identifier=IDENTIFIERS)
        def erase(self, identifier):
            """Online an erasure is a hard delete, by the latest event time there is."""
            answer = outcome(
                self.client.delete_record,
                FeatureGroupName=self.group,
                RecordIdentifierValueAsString=identifier,
                EventTime=LAST,
                TargetStores=["OnlineStore"],
                DeletionMode="HardDelete",
            )
            assert isinstance(answer, dict), answer
            assert self.oracle.hard_delete(identifier, LAST) is None

        @precondition(lambda self: self.store.accepted)
        @rule(places=st.lists(st.integers(0, 10**6), min_size=1, max_size=4))
        def materialize(self, places):
            rows = self.store.accepted
            for place in places:
                self.load(rows[place % len(rows)])

        @rule(rows=ROWS)
        def begin_ingestion(self, rows):
            began = self.clock() // 1000
            self.runs.append(
                [
                    version(
                        self.settings,
                        {"customer_id": identifier, "event_time": event_time, **features},
                        identifier=identifier,
                        write_time=began + place,
                        invocation_time=began,
                    )
                    for place, (identifier, event_time, features) in enumerate(rows)
                ]
            )

        @precondition(lambda self: self.runs)
        @rule(place=st.integers(0, 10**6))
        def load_ingestion(self, place):
            """Once or, after a kill, several times."""
            newest = {}
            for each in self.runs[place % len(self.runs)]:
                newest[each.identifier] = max(
                    each, newest.get(each.identifier, each), key=lambda version: version.order()
                )
            for each in newest.values():
                self.load(each)

        def load(self, each):
            values = zip(NAMES, unpack(each.packed), strict=False)
            row = {name: value for name, value in values if value is not None}
            identifier, event_time = row.pop("customer_id"), row.pop("event_time")
            self.store.load(
                slot_of(self.settings, identifier),
                version(
                    self.settings,
                    {"customer_id": identifier, "event_time": event_time, **row},
                    write_time=each.write_time,
                    invocation_time=each.invocation_time,
                ),
                now_nanos=self.clock(),
            )
            times = {"accepted": each.invocation_time, "written": each.write_time}
            self.oracle.load(identifier, event_time, row, **times)

    return Machine


def test_loads_into_the_store_in_memory_follow_the_oracle():
    run_state_machine_as_test(machine(MemoryRecordStore), settings=HISTORIES)


def test_loads_into_dynamodb_follow_the_oracle():
    run_on_dynamodb(machine, FEW)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_five_hundred_histories_with_loads_follow_the_oracle():
    many = settings(HISTORIES, max_examples=500)
    run_state_machine_as_test(machine(MemoryRecordStore), settings=many)
    run_on_dynamodb(machine, many)


class LoadsAsPuts(MemoryRecordStore):
    """Bug: a hidden tombstone is no obstacle to a load."""

    def load(self, slot, each, *, now_nanos):
        return self.put(slot, each, now_nanos=now_nanos)


class ForgetsTheLife(MemoryRecordStore):
    """Bug: a hard delete is forgotten as soon as another record is put."""

    def put(self, slot, each, *, now_nanos):
        winner = super().put(slot, each, now_nanos=now_nanos)
        if winner is None:
            self.deleted.pop(slot, None)
        return winner


class ExpiresNow(MemoryRecordStore):
    """Bug: what has expired by now is no obstacle to a row that was accepted before it."""

    def load(self, slot, each, *, now_nanos):
        stored = self.records.get(slot)
        if stored is not None and stored.is_expired(now_nanos):
            return self.put(slot, each, now_nanos=now_nanos)
        return super().load(slot, each, now_nanos=now_nanos)


class ByWriteTime(MemoryRecordStore):
    """Bug: a row of an ingestion that was begun before a hard delete counts as put after it."""

    def load(self, slot, each, *, now_nanos):
        later = type(each)(**{name: getattr(each, name) for name in each.__slots__})
        later.invocation_time = now_nanos // 1000
        return super().load(slot, later, now_nanos=now_nanos)


@pytest.mark.parametrize("store", [LoadsAsPuts, ForgetsTheLife, ExpiresNow, ByWriteTime])
def test_a_planted_bug_is_caught(store):
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(machine(store), settings=HUNT)
