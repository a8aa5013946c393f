"""A pipeline with both stores and a source in memory, and a consistency check over them."""

import random
from dataclasses import replace

import duckdb
import pyarrow as pa

from larder.as_of.text import sql_type
from larder.event_time import EventTimeType, event_time_nanos, nanos_to_iso, parse_event_time
from larder.groups.feature_group import FeatureDefinition, FeatureType, OnlineStore
from larder.offline.feature_table import FeatureTable, TableVersion
from larder.pipelines.consistency.check import ConsistencyCheck
from larder.pipelines.durations import DAY, HOUR, MINUTE, SECOND
from larder.pipelines.runs.items import Claim, IntervalItem, State
from larder.pipelines.sql.statement import Interval, Shape
from larder.records.codec import pack
from larder.records.feature_values import typed_value
from larder.records.record import RecordVersion
from larder.records.record import State as Version
from larder.records.values import slots_of
from larder.testing.pipeline_runs import MemoryLedger
from larder.testing.records import MemoryRecordStore
from local.athena.language.dialect import to_duckdb
from local.athena.language.macros import MACROS
from local.athena.language.parsing import query
from tests.support.groups import OFFLINE, feature_group
from tests.support.pipelines import SCHEMA, TABLE, expected

BEGIN = 20_000 * DAY
_ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "ARRAY(VARCHAR)": pa.list_(pa.string()),
}


def stream(seed, keys, until=BEGIN + 3 * DAY, prefix="key-"):
    """An event of each key every few hours, with nulls; from a day before ``BEGIN`` on."""
    dice = random.Random(seed)
    return [
        {
            "k": f"{prefix}{number % keys}",
            "t": dice.randrange(BEGIN - DAY, until) // SECOND * SECOND,
            "number": number,
            "x": None if dice.random() < 0.1 else round(dice.uniform(-50, 100), 2),
            "n": dice.randrange(10**6),
            "city": dice.choice(["x", "y", "z", None]),
        }
        for number in range(keys * 12)
    ]


class World:
    """Rows of a pipeline where a run puts them. Tests change the attributes as they like.

    ``now`` is the clock. ``history`` has a row per version: values by name, ``write_time``,
    ``is_deleted``.
    """

    def __init__(self, pipeline, events, *, ttl=None, event_time=EventTimeType.STRING):
        self.pipeline, self.events = pipeline, events
        self.now = BEGIN + 4 * DAY
        own = [pipeline.identifier, pipeline.event_time]
        types = (pipeline.identifier_type, FeatureType(event_time.value))
        features = [FeatureDefinition(*each) for each in zip(own, types, strict=True)]
        features += [FeatureDefinition(f.name, f.type, f.collection) for f in pipeline.features]
        self.group = feature_group(
            pipeline.group,
            features=tuple(features),
            record_identifier_name=own[0],
            event_time_name=own[1],
            online=OnlineStore(ttl=ttl),
            offline=replace(OFFLINE, table="g_1"),
        )
        self.history, self.ledger, self.store = [], MemoryLedger(), MemoryRecordStore()
        self.watermark = self.now
        self.asked = []

    def publish(self, interval, changed=None):
        """Compute an interval by the rules and put its rows into both stores."""
        taken = self.claim(interval, changed or interval.until + 10 * MINUTE)
        rows = expected(self.pipeline, self.events, interval)
        for place, ((key, point), values) in enumerate(sorted(rows.items())):
            self.write(key, point, values, taken.changed - MINUTE + place)
        self.ledger.end(replace(taken, state=State.PUBLISHED, rows=len(rows)))
        return rows

    def claim(self, interval, changed):
        item = IntervalItem(self.pipeline.group, self.pipeline.revision, interval)
        states = tuple(State)
        taken = self.ledger.claim(item, Claim("one", changed, states), changed + HOUR)
        return replace(taken, changed=changed)

    def write(self, key, point, values, written, *, stores=("online", "offline")):
        """A version into the stores."""
        at = self.text_of(point + self.pipeline.available_after)
        if "offline" in stores:
            row = {self.pipeline.identifier: key, self.pipeline.event_time: at, **values}
            self.history.append({**row, "write_time": written, "is_deleted": False})
        if "online" in stores:
            version = self.version(key, at, values, written)
            self.store.put(self.slot(key), version, now_nanos=written * 1000)

    def version(self, key, at, values, written):
        texts = {0: key, 1: at}
        for ordinal, each in enumerate(self.group.features):
            value = values.get(each.name)
            if value is not None:
                many = isinstance(value, list)
                texts[ordinal] = [str(v) for v in value] if many else str(value)
        kind, ttl = self.group.event_time_type, self.group.online.ttl
        event = parse_event_time(at, kind)
        nanos = event_time_nanos(event, kind)
        return RecordVersion(
            key,
            event,
            written,
            written,
            Version.LIVE,
            pack(texts),
            len(self.group.features),
            expires_at=None if ttl is None else nanos + ttl.nanos,
        )

    def text_of(self, instant):
        """An event time as the group's type writes it."""
        if self.group.event_time_type is EventTimeType.STRING:
            return nanos_to_iso(instant * 1000)
        return repr(instant / SECOND)

    def slot(self, key):
        return slots_of(self.group)(key)

    def rows(self, text, label):
        """The rows of Athena's SQL, as the local Athena has DuckDB compute it."""
        self.asked.append(label)
        with duckdb.connect() as database:
            database.execute("SET TimeZone = 'UTC'; SET threads = 1")
            for macro in MACROS:
                database.execute(f"CREATE MACRO {macro}")
            database.execute("CREATE SCHEMA larder_dev; CREATE SCHEMA raw")
            for table, found in (
                ("larder_dev.g_1", self._table()),
                (TABLE, pa.Table.from_pylist(self.events, SCHEMA)),
            ):
                database.register("rows_", found)
                database.execute(f"CREATE TABLE {table} AS SELECT * FROM rows_")
            found = database.execute(to_duckdb(query(text), text)).to_arrow_table().to_pylist()
        return [{column.lower(): value for column, value in row.items()} for row in found]

    def _table(self):
        columns = {
            each.name.lower(): pa.array(
                [_typed(each, row.get(each.name)) for row in self.history],
                _ARROW[sql_type(each)],
            )
            for each in self.group.features
        }
        written = pa.array([row["write_time"] for row in self.history], pa.int64())
        columns["write_time"] = written.cast(pa.timestamp("us"))
        columns["is_deleted"] = pa.array([row["is_deleted"] for row in self.history], pa.bool_())
        return pa.table(columns)

    def current(self, table):
        assert isinstance(table, FeatureTable)
        return TableVersion(None, frozenset(each.name.lower() for each in self.group.features))

    def report(self, sample=200, salt="salt"):
        check = ConsistencyCheck(
            groups=lambda _name: self.group,
            records=self.store,
            versions=self,
            queries=self,
            ledger=self.ledger,
            watermark=lambda: self.watermark,
            clock=lambda: self.now,
            shape=Shape.DELTA,
        )
        return check.run(self.pipeline, sample=sample, salt=salt)


def _typed(feature, value):
    """A value as the history's column has it; identifiers and event times are given as texts."""
    if not isinstance(value, str):
        return value
    return typed_value(feature, value)


def daily(days):
    """The intervals of so many days from ``BEGIN`` on."""
    return [Interval(BEGIN + day * DAY, BEGIN + (day + 1) * DAY) for day in range(days)]


def hourly(hours):
    """The intervals of so many hours from ``BEGIN`` on."""
    return [Interval(BEGIN + hour * HOUR, BEGIN + (hour + 1) * HOUR) for hour in range(hours)]
