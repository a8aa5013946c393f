"""As-of joins in tests: random histories, and the generated SQL run on the local Athena's DuckDB."""

import random
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from larder.as_of.athena import Labels, as_of_query
from larder.as_of.duckdb import as_of_duckdb_query
from larder.as_of.join import Join
from larder.as_of.oracle import Cut, History, Label, as_of_join
from larder.as_of.text import name, sql_type
from larder.event_time import NANOS, EventTimeType, nanos_to_iso, parse_event_time
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.offline.feature_table import FeatureTable, TableVersion
from larder.offline.rows import OfflineRow
from larder.tabular.batches import Batch
from larder.training_sets.adapters.label_rows import LabelRows
from larder.training_sets.label_columns import LabelKey
from local.athena.language.dialect import to_duckdb
from local.athena.language.macros import MACROS
from local.athena.language.parsing import query

START = 1_704_067_200  # 2024-01-01T00:00:00Z
DATABASE = "larder_dev"
LABELS = Labels(DATABASE, "tmp_labels_test", (("c0", "asked"), ("c1", "k0"), ("c2", "k1")))


def group(number, *, text=True, key=FeatureType.STRING):
    """A feature table with a String or a Fractional event time."""
    kind = FeatureType.STRING if text else FeatureType.FRACTIONAL
    features = (
        FeatureDefinition("Customer-Id", key),
        FeatureDefinition("Event_Time", kind),
        FeatureDefinition("Clicks", FeatureType.INTEGRAL),
        FeatureDefinition("score", FeatureType.FRACTIONAL),
        FeatureDefinition("city", FeatureType.STRING),
    )
    return FeatureTable(
        group=f"group-{number}",
        created=START * 1_000_000,
        database=DATABASE,
        table=f"group_{number}_{START}",
        record_identifier=features[0],
        event_time=features[1],
        features=features,
    )


@dataclass(frozen=True)
class Case:
    """A join to check: tables, cuts, histories, and labels as (nanoseconds, key, key)."""

    tables: tuple
    cuts: tuple
    rows: tuple
    labels: list


def expected(case):
    """What the oracle says: rows of all features in order."""
    histories = [
        History(rows, table.event_time_type, _ordinals(n, table), cut)
        for n, (table, cut, rows) in enumerate(zip(case.tables, case.cuts, case.rows, strict=True))
    ]
    labels = [Label(at, keys) for at, *keys in case.labels]
    return [tuple(row.values()) for row in as_of_join(labels, histories)]


def actual(case, shape=None):
    """What the generated SQL gives on DuckDB, in the order of the labels."""
    rows, joins = prepared(case, shape)
    text = as_of_query(LABELS, joins)
    found = on_duckdb(text, tables_of(case) | {LABELS.table: rows})
    assert [row[0] for row in found] == list(range(len(case.labels)))
    return [row[4:] for row in found]


def by_asof(case):
    """What DuckDB's own ASOF JOIN gives, in the order of the labels."""
    rows, joins = prepared(case)
    text = as_of_duckdb_query(LABELS, joins)
    # the zone of the session must not matter: the engine sets none
    found = by_row(run_duckdb(text, tables_of(case) | {LABELS.table: rows}, zone="Asia/Tokyo"))
    assert [row[0] for row in found] == list(range(len(case.labels)))
    return [row[4:] for row in found]


def tables_of(case):
    """The histories as offline tables, by name."""
    return {t.table: history_table(t, r) for t, r in zip(case.tables, case.rows, strict=True)}


def prepared(case, shape=None):
    """The labels' stored rows, and the joins over them."""
    keys = [
        LabelKey(n, t.group, f"k{n}", t.record_identifier, t.event_time_type, c.look_back)
        for n, (t, c) in enumerate(zip(case.tables, case.cuts, strict=True))
    ]
    given = pa.table(
        {
            "asked": pa.array([at for at, _, _ in case.labels], pa.int64()).cast(
                pa.timestamp("ns", "UTC")
            ),
            "k0": [k for _, k, _ in case.labels],
            "k1": [k for _, _, k in case.labels],
        }
    )
    labels = LabelRows(given.schema, "asked", keys)
    batches = [labels.convert(Batch(rows, start=0)) for rows in given.to_batches()]
    stored = pa.Table.from_batches(batches, labels.schema)
    joins = [
        Join(
            number=n,
            table=table,
            version=TableVersion(None, frozenset(f.name.lower() for f in table.features)),
            features=tuple((f, f"{f.name}_{n}") for f in table.features[2:]),
            cut=cut,
            first=labels.first,
            last=labels.last,
            shape=shape,
        )
        for n, (table, cut) in enumerate(zip(case.tables, case.cuts, strict=True))
    ]
    return stored, joins


def on_duckdb(text, tables):
    """The rows of Athena SQL as the local Athena would have DuckDB run it, by ``larder_row``."""
    return by_row(arrow_on_duckdb(text, tables))


def by_row(found):
    """The rows of an Arrow table as tuples, by ``larder_row``."""
    found = found.sort_by("larder_row")
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))


def arrow_on_duckdb(text, tables):
    """The same in no order, as an Arrow table."""
    return run_duckdb(to_duckdb(query(text), text), tables)


def run_duckdb(text, tables, *, zone="UTC"):
    """The rows of DuckDB's SQL over Arrow tables, in no order, as an Arrow table."""
    with duckdb.connect() as database:
        database.execute(f"SET TimeZone = '{zone}'; SET threads = 1")
        database.execute(f"CREATE SCHEMA {DATABASE}")
        for macro in MACROS:
            database.execute(f"CREATE MACRO {macro}")
        for table, rows in tables.items():
            database.register("rows_", rows)
            database.execute(f"CREATE TABLE {DATABASE}.{name(table)} AS SELECT * FROM rows_")
        return database.execute(text).to_arrow_table()


def random_case(seed, *, labels=60, versions=80, keys=4):
    """A case of near and equal times in every spelling, deletions, corrections and late rows."""
    dice = random.Random(seed)
    text = (dice.random() < 0.7, dice.random() < 0.7)
    key_type = dice.choice([FeatureType.STRING, FeatureType.INTEGRAL])
    tables = (group(0, text=text[0], key=key_type), group(1, text=text[1]))
    cuts = tuple(_cut(dice) for _ in tables)
    rows = tuple(
        _history(dice, table, versions=dice.choice([0, versions]), keys=keys) for table in tables
    )
    asked = [
        (_instant(dice), _key(dice, keys + 1, tables[0]), _key(dice, keys + 1, tables[1]))
        for _ in range(labels)
    ]
    return Case(tables, cuts, rows, asked + asked[:5])


def large_case(labels=100_000):
    """Label rows: duplicates, labels before any event, records deleted and made again."""
    dice, tables = random.Random(5), (group(0), group(1, text=False))
    rows = tuple(_history(dice, table, versions=labels // 2, keys=3000) for table in tables)
    asked = [
        (_instant(dice), _key(dice, 3001, tables[0]), _key(dice, 3001, tables[1]))
        for _ in range(labels * 9 // 10)
    ]
    assert sum(row.is_deleted for row in rows[0]) > labels // 10
    return Case(tables, (Cut(), Cut()), rows, asked + asked[: labels // 10])


def _cut(dice):
    return Cut(
        look_back=dice.choice([None, None, NANOS, 3 * NANOS + 1, 20 * 86_400 * NANOS]),
        known_as_of=dice.choice([None, None, (START + 6) * 1_000_000]),
        as_known_then=dice.random() < 0.4,
    )


def _instant(dice):
    fraction = dice.choice([0, 0, 1, 5 * 10**8, 999_999_999, 123_456_000])
    return (START - 2 + dice.randrange(14)) * NANOS + fraction


def _key(dice, keys, table):
    number = dice.randrange(keys)
    return number if table.record_identifier.type is FeatureType.INTEGRAL else f"c'{number}"


def _history(dice, table, *, versions, keys):
    rows = {}
    for number in range(versions):
        nanos = _instant(dice)
        written = nanos // 1000 + dice.choice([-1_000_000, 0, 0, 1, 3_000_000, 8_000_000])
        deleted = dice.random() < 0.25
        key, event_time = _key(dice, keys, table), _spelled(dice, nanos, table)
        values = (key, event_time) if deleted else (key, event_time, *_features(dice, number))
        row = OfflineRow(key, event_time, written, written, deleted, values)
        # the store keeps one version per record, event time and write time
        rows[key, _order(event_time, table), written] = row
    return list(rows.values())


def _features(dice, number):
    return (
        None if dice.random() < 0.2 else number,
        dice.choice([None, number / 7]),
        dice.choice(["Oslo", "", "x'; --"]),
    )


def _spelled(dice, nanos, table):
    """One of the texts that mean an instant, or its nearest double."""
    if table.event_time_type is EventTimeType.FRACTIONAL:
        return nanos / NANOS
    whole = nanos_to_iso(nanos // NANOS * NANOS)[:19]
    digits = f"{nanos % NANOS:09d}".rstrip("0")
    digits = digits.ljust(dice.randrange(len(digits), 10), "0")
    return f"{whole}.{digits}Z" if digits else f"{whole}Z"


def _order(event_time, table):
    text = str(event_time) if table.event_time_type is EventTimeType.STRING else repr(event_time)
    return parse_event_time(text, table.event_time_type)


def _ordinals(number, table):
    return {f"{f.name}_{number}": n for n, f in enumerate(table.features) if n > 1}


def history_table(table, rows):
    scalar = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}
    columns = {}
    for place, feature in enumerate(table.features):
        values = [r.values[place] if place < len(r.values) else None for r in rows]
        columns[feature.name.lower()] = pa.array(values, scalar[sql_type(feature)])
    for column in ("write_time", "invocation_time"):
        micros = pa.array([getattr(r, column) for r in rows], pa.int64()).cast(pa.timestamp("us"))
        columns["api_invocation_time" if column[0] == "i" else column] = micros
    columns["is_deleted"] = pa.array([r.is_deleted for r in rows], pa.bool_())
    return pa.table(columns)


def with_cuts(case, *cuts):
    """The case with other cuts."""
    return replace(case, cuts=cuts)
