"""A group's two stores in memory, which a reconciliation compares after a test has damaged them."""

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace as replaced

import orjson

from larder.backoff import Backoff
from larder.errors import ValidationError
from larder.event_time import NANOS, nanos_to_iso
from larder.groups.feature_group import TargetStore
from larder.ingestion.load import OnlineLoader
from larder.offline.adapters.dynamodb_stream import parse_change
from larder.offline.feature_table import FeatureTable, TableVersion
from larder.offline.queries import QueryRun
from larder.offline.rows import StreamChange, row_of, rows_due
from larder.progress import silent
from larder.reconciliation.adapters.ordered_newest import ordered_rows
from larder.reconciliation.adapters.stream_changes import stream_changes
from larder.reconciliation.reconcile import Arrived, Asked, Reconciliation
from larder.reconciliation.repair import Repair
from larder.records.values import slot_of
from larder.records.write import DeleteRecord, PutRecord, RecordWriter
from larder.testing.records import MemoryRecordStore
from tests.support.as_of import arrow_on_duckdb, history_table
from tests.support.groups import feature_group, group_settings

GROUP = feature_group()
BEGIN = 1_704_067_200 * NANOS + 600 * NANOS
"""Ten minutes after the first event time."""
ONLINE = frozenset({TargetStore.ONLINE})
SETTLED = Asked(grace_seconds=0)


class Clock:
    def __init__(self):
        self.nanos = BEGIN

    def __call__(self):
        self.nanos += 1_000_000
        return self.nanos


class Streamed(MemoryRecordStore):
    """A store whose changes go into the history as the offline writer would write them."""

    def follow(self, group, history):
        self.group, self.history = group, history
        return self

    def _accept(self, slot, version):
        old = self.records.get(slot)
        super()._accept(slot, version)
        self.deliver(old, version)

    def log(self, slot, version, *, now_nanos):
        kept = super().log(slot, version, now_nanos=now_nanos)
        self.deliver(None, version, is_log=True)
        return kept

    def purge(self, slot):
        """As DynamoDB removes an expired record."""
        self.deliver(self.records.pop(slot), None)

    def deliver(self, old, new, *, is_log=False):
        change = StreamChange("", self.group.uid, is_log, old, new, by_ttl=new is None, raw={})
        self.write(rows_due(change))

    def write(self, due):
        rows = [row_of(each, self.group) for each in due]
        new = {row.key: row for row in rows if row.key not in self.history}
        self.history.update(new)
        return len(new)


class World:
    """Records are put and deleted; ``history`` has the offline rows by their keys."""

    def __init__(self, group=GROUP):
        self.group, self.clock, self.history = group, Clock(), {}
        self.store = Streamed().follow(group, self.history)
        self.writer = RecordWriter(self.store, group_settings(group), self.clock)
        self.watermark, self.found, self.sent = None, defaultdict(set), []
        self.refusals = []

    def put(self, name, event, city="x", **more):
        record = [("customer_id", name), ("event_time", at(event)), ("city", city)]
        self.writer.put(PutRecord(self.group.name, record, **more))

    def delete(self, name, event, *, hard=False):
        try:
            self.writer.delete(DeleteRecord(self.group.name, name, at(event), hard))
        except ValidationError:  # a hard delete that is not later than the record
            assert hard

    def online(self, name):
        return self.store.records.get(slot_of(self.group, name))

    def rows(self, name):
        """The keys of a record's rows, the newest last."""
        mine = [row for row in self.history.values() if row.identifier == name]
        order = sorted(mine, key=lambda row: (row.event_time, not row.is_deleted, row.write_time))
        return [row.key for row in order]

    def drop_rows(self, name, count=None):
        """The newest rows of a record are lost, by default all."""
        rows = self.rows(name)
        for key in rows if count is None else rows[-count:]:
            del self.history[key]

    def drop_online(self, name):
        del self.store.records[slot_of(self.group, name)]

    def reconcile(self, asked=SETTLED, *, repair=False, **more):
        self.found = defaultdict(set)
        ports = {
            "versions": self,
            "queries": self,
            "files": self,
            "pages": self.store,
            "arrived": lambda _group: Arrived(self.watermark),
            "repair": self.repairs,
            "clock": self.clock,
            "new_id": lambda: "id",
            "note": lambda kind, name: self.found[kind].add(name),
        }
        use_case = Reconciliation(**ports | more)
        return use_case.run(self.group, asked, silent, repair=repair)

    def repairs(self, group, read_at):
        return Repair(
            group=group,
            loader=OnlineLoader(
                self.store, lambda _name: group, now_nanos=self.clock, writes_per_second=1e9
            ),
            writes=self.store,
            replace=self.replace,
            writer=self,
            changes=stream_changes,
            clock=self.clock,
            read_at=read_at,
            backoff=Backoff(sleep=lambda _seconds: None),
        )

    def replace(self, *given, **more):
        if self.refusals:
            raise self.refusals.pop()
        return self.store.replace(*given, **more)

    # the offline writer

    def invoke(self, payload):
        event = orjson.loads(payload)
        changes = [parse_change(record) for record in event["Records"]]
        due = [each for change in changes for each in rows_due(change)]
        rows = self.store.write(due)
        self.sent.append(len(changes))
        return {"batchItemFailures": [], "rows": rows, "duplicates": len(due) - rows,
                "quarantined": []}  # fmt: skip

    # the history: the query runs on DuckDB, as on the local Athena

    def current(self, _table):
        return TableVersion(None, frozenset(each.name for each in self.group.features))

    def run(self, sql, _report):
        self.sql = sql.removeprefix("UNLOAD (\n").rpartition("\n) TO ")[0]
        return QueryRun("q", 0.1, 10)

    def location(self, _group, name):
        return f"s3://lake/{name}/"

    @contextmanager
    def ordered(self, group, _location, shards):
        table = FeatureTable.of(group)
        rows = history_table(table, list(self.history.values()))
        found = arrow_on_duckdb(self.sql, {table.table: rows})
        with ordered_rows(group, found.combine_chunks().to_batches(), shards) as ordered:
            yield ordered

    def remove(self, _location):
        self.removed = True


def at(event):
    """Second ``event`` of the histories, as an event time."""
    return nanos_to_iso((1_704_067_200 + event) * NANOS)


def other_city(row):
    """A row with another value."""
    return replaced(row, values=(*row.values[:4], "elsewhere"))
