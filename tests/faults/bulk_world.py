"""A group whose records are written, deleted, erased and loaded in bulk, by chance and in between.

Materialization and ingestion are the use cases themselves, over a local Iceberg table and moto's
DynamoDB. Each time that one of them is about to go on with a batch, anything else may happen first.
"""

from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import boto3
import pyarrow as pa

from larder.as_of.oracle import Cut, winner
from larder.aws.dynamodb.boto import BotoDynamo
from larder.erasure.adapters.iceberg import IcebergErasure
from larder.erasure.adapters.online import OnlineErasure
from larder.erasure.erase import Erasing
from larder.errors import ValidationError
from larder.event_time import NANOS, EventTimeType
from larder.groups.feature_group import TargetStore
from larder.ingestion.adapters.iceberg import IcebergBulk
from larder.ingestion.adapters.newest import newest_rows
from larder.ingestion.adapters.rejects import RejectsFile
from larder.ingestion.adapters.rows import BulkRows
from larder.ingestion.ingest import Ingestion, Job
from larder.ingestion.load import OnlineLoader
from larder.materialization.adapters.added_rows import IcebergAddedRows
from larder.materialization.materialize import Asked, Materialization
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.feature_table import TableVersion
from larder.offline.queries import QueryRun
from larder.offline.rows import Due, OfflineRow, row_of
from larder.progress import silent
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.record import Slot, State
from larder.records.write import DeleteRecord, PutRecord, RecordWriter
from larder.tabular.batches import Batch
from tests.support.clocks import Ticking
from tests.support.groups import group_settings
from tests.support.ingestion import MemoryJournal
from tests.support.materialization import MemoryPositions
from tests.support.offline import offline_group, rows_in, seconds, sql_catalog, version
from tests.support.tables import create_records_table

NAMES = ("a", "b", "c")
ONLINE = frozenset({TargetStore.ONLINE})
OFFLINE = frozenset({TargetStore.OFFLINE})


def micros_of(time):
    """Microseconds since the epoch of a time in UTC that names no zone."""
    return (time - datetime(1970, 1, 1)) // timedelta(microseconds=1)


class LocalShredder:
    """Removes files of this machine."""

    def shred(self, paths):
        for path in paths:
            Path(path.removeprefix("file://")).unlink(missing_ok=True)

    def shred_removed(self, _location):
        return 0


class BulkWorld:
    """What is promised is noted as it is promised: ``deleted`` and ``put`` have the times (µs)."""

    def __init__(self, folder, rng):
        self.rng, self.folder, self.open = rng, folder, ExitStack()
        self.catalog = self.open.enter_context(sql_catalog(folder))
        self.group = offline_group(f"file://{folder}/table")
        self.clock = Ticking()
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_records_table(client, "records")
        self.store = DynamoRecordStore(BotoDynamo(client), "records")
        self.accepted = Accepted(self.store)
        settings = group_settings(self.group)
        self.writer = RecordWriter(self.accepted, settings, self.clock)
        self.tables = IcebergTables(self.catalog)
        self.tables.create(self.group)
        self.loader = OnlineLoader(
            self.store, settings.get, self.clock, threads=1, writes_per_second=1e9
        )
        places = (
            OnlineErasure(client, "records", self.hard_delete),
            IcebergErasure(self.catalog, LocalShredder()),
        )
        self.erasing = Erasing(self, places, self.micros)
        self.positions = MemoryPositions()
        self.depth = self.runs = 0
        self.deleted, self.erased = defaultdict(int), defaultdict(int)
        self.promised = []

    def micros(self):
        return self.clock() // 1000

    def lives(self, _name):
        return [self.group]

    def moment(self):
        return f"2024-01-01T00:00:0{self.rng.randrange(8)}Z"

    # what happens

    def act(self):
        """One thing, or nothing."""
        acts = [self.put] * 4 + [self.put_offline, self.soft_delete, self.hard_delete_some]
        acts += [self.erase, self.flush, self.flush, lambda: None]
        if self.depth < 2:
            acts += [self.materialize] * 2 + [self.ingest]
        self.rng.choice(acts)()

    def put(self, targets=None):
        name = self.rng.choice(NAMES)
        record = [("customer_id", name), ("event_time", self.moment())]
        before = len(self.accepted.live)
        self.writer.put(PutRecord(self.group.name, record, targets))
        for slot, each in self.accepted.live[before:]:
            self.promised.append((slot.identifier, each.order(), each.write_time))

    def put_offline(self):
        self.put(OFFLINE)

    def soft_delete(self):
        name = self.rng.choice(NAMES)
        self.writer.delete(DeleteRecord(self.group.name, name, self.moment()))

    def hard_delete_some(self):
        name, targets = self.rng.choice(NAMES), self.rng.choice([None, ONLINE])
        request = DeleteRecord(self.group.name, name, self.moment(), hard=True, targets=targets)
        try:
            self.writer.delete(request)
        except ValidationError:
            return  # it was not later than the record
        self.deleted[name] = self.micros()

    def hard_delete(self, group, name, event_time):
        """What the endpoint does with DeleteRecord."""
        self.writer.delete(DeleteRecord(group, name, event_time, hard=True, targets=ONLINE))

    def erase(self):
        name, time = self.rng.choice(NAMES), self.micros()
        self.erasing.erase(self.group.name, name)
        self.deleted[name] = self.erased[name] = time
        self.deleted[name] = self.micros()

    def flush(self):
        """The offline writer comes to some of the changes, and to some again."""
        owed = [row_of(Due(each), self.group) for _, each in self.accepted.owed]
        self.rng.shuffle(owed)
        if owed:
            some = owed[: self.rng.randint(1, len(owed))]
            self.tables.append(self.group, some, remaining=seconds(60))

    def flush_all(self):
        owed = [row_of(Due(each), self.group) for _, each in self.accepted.owed]
        self.tables.append(self.group, owed, remaining=seconds(60))

    def materialize(self):
        self.depth += 1
        files = LatestOf(self)
        Materialization(
            versions=files, queries=files, files=files, added=files, positions=self.positions,
            loader=self.loader, clock=self.clock, new_id=lambda: "x",
            offered=lambda _offered: None,
        ).run(self.group, Asked(incremental=self.rng.random() < 0.5), silent)  # fmt: skip
        self.depth -= 1

    def ingest(self):
        self.depth += 1
        self.runs += 1
        source, began = Source(self), self.micros()
        rows = BulkRows(self.group, source.schema, packs=True)
        tables = IcebergBulk(self.catalog)
        ingestion = Ingestion(tables, MemoryJournal(), self.loader, newest_rows, self.micros)
        targets = self.rng.choice([frozenset(TargetStore), ONLINE])
        with RejectsFile(self.folder / "rejects.jsonl") as rejects:
            job = Job(self.group, source, rows, targets, f"run-{self.runs}", rejects)
            ingestion.run(job, silent)
        self.depth -= 1
        for name, event_time in source.rows:
            if self.deleted[name] < began:
                order = version(self.group, {"customer_id": name, "event_time": event_time})
                self.promised.append((name, (*order.order()[:2], began), began))

    # what must hold

    def check(self):
        """What was deleted is away, and what was promised since then is there."""
        slots = {name: Slot(self.group.uid, self.group.shards, name) for name in NAMES}
        online = self.store.get(list(slots.values())).found
        for name, slot in slots.items():
            stored = online.get(slot)
            if stored is not None and stored.state is State.LIVE:
                assert stored.invocation_time > self.deleted[name], f"{name} came back"
            for order in self.since_deletion(name):
                shown = stored is not None and stored.state is not State.HARD_DELETED
                assert shown, f"{name} is lost"
                assert stored.order() >= order, f"{name} is older than was promised"
        for row in rows_in(self.catalog, self.group):
            given = micros_of(row["api_invocation_time"])
            name = row["customer_id"]
            assert given > self.erased[name], f"{name} came back into the history"

    def since_deletion(self, name):
        return [
            order
            for identifier, order, accepted in self.promised
            if identifier == name and accepted > self.deleted[name]
        ]


class Accepted:
    """A store that remembers what it accepted: live versions, and all that the history is owed."""

    def __init__(self, store):
        self.store, self.live, self.owed = store, [], []

    def put(self, slot, each, **more):
        winner = self.store.put(slot, each, **more)
        if winner is None:
            self.owed.append((slot, each))
            if each.state is State.LIVE:
                self.live.append((slot, each))
        return winner

    def hard_delete(self, slot, each, **more):
        winner = self.store.hard_delete(slot, each, **more)
        if winner is None and each.offline:
            self.owed.append((slot, each))
        return winner

    def log(self, slot, each, **more):
        kept = self.store.log(slot, each, **more)
        if kept:
            self.owed.append((slot, each))
        return kept


class LatestOf:
    """Athena, its tables and its results: the newest versions as the history has them now."""

    def __init__(self, world):
        self.world, self.found = world, []

    def current(self, _table):
        names = (each.name for each in self.world.group.features)
        offline = self.world.group.offline
        snapshot = self.world.catalog.load_table(
            (offline.database, offline.table)
        ).current_snapshot()
        return TableVersion(snapshot and snapshot.snapshot_id, frozenset(names))

    @contextmanager
    def between(self, group, since, until):
        rows = IcebergAddedRows(self.world.catalog, self.world.clock, 1)
        with rows.between(group, since, until) as found:
            yield replace(found, batches=self._acting(found.batches))

    def _acting(self, batches):
        for each in batches:
            self.world.act()
            yield each

    def run(self, _sql, _report):
        rows = defaultdict(list)
        for each in rows_in(self.world.catalog, self.world.group):
            written = micros_of(each["write_time"])
            row = OfflineRow(
                each["customer_id"], each["event_time"], written, written, each["is_deleted"], ()
            )
            rows[row.identifier].append(row)
        last = 253_402_300_800 * NANOS
        winners = [winner(each, EventTimeType.STRING, last, Cut()) for each in rows.values()]
        self.found = [self._version(row) for row in winners if row is not None]
        return QueryRun("q", 0.0, 0)

    def _version(self, row):
        group = self.world.group
        values = {"customer_id": row.identifier, "event_time": row.event_time}
        made = version(
            group, values, write_time=row.write_time, invocation_time=row.write_time,
            identifier=row.identifier, recorded=True,
        )  # fmt: skip
        return Slot(group.uid, group.shards, row.identifier), made

    def location(self, _group, name):
        return f"file:///{name}/"

    def count(self, _location):
        return len(self.found)

    def batches(self, _group, _location):
        for each in self.found:
            self.world.act()
            yield [each]

    def remove(self, _location):
        """Nothing is kept."""


class Source:
    """Rows to ingest, in batches between which something happens."""

    schema = pa.schema([("customer_id", pa.string()), ("event_time", pa.string())])
    fingerprint = "x"

    def __init__(self, world):
        self.world = world
        count = world.rng.randint(1, 5)
        self.rows = [(world.rng.choice(NAMES), world.moment()) for _ in range(count)]

    def batches(self):
        for number, (name, event_time) in enumerate(self.rows):
            yield Batch(pa.record_batch([[name], [event_time]], schema=self.schema), number)
            self.world.act()

    def fraction(self):
        return None
