"""SELECT over the catalog's tables, sent by boto3 and executed."""

import pyarrow as pa
import pytest
from pyiceberg.types import StringType

from tests.contract.athena.tables import events, hive_table, put_parquet

EVERY_EVENT = "SELECT customerid, amount FROM shop.events ORDER BY event_time"


def test_an_iceberg_table_is_read_with_its_columns_in_lower_case(athena):
    ran = athena.run("SELECT * FROM events ORDER BY event_time")

    assert ran.columns == [
        ("customerid", "varchar"),
        ("amount", "double"),
        ("items", "bigint"),
        ("event_time", "timestamp"),
        ("is_deleted", "boolean"),
    ]
    assert ran.all_rows[:3] == [
        ("customerid", "amount", "items", "event_time", "is_deleted"),
        ("c1", "1.5", "1", "2026-01-01 12:00:00.123456", "false"),
        ("c2", None, "2", "2026-01-02 12:00:00.123456", "false"),
    ]


def test_rows_appended_between_two_statements_are_seen_by_the_second(athena, iceberg):
    athena.run(
        "CREATE TABLE grown WITH (table_type = 'ICEBERG', is_external = false, "
        "location = 's3://lake/shop/grown') AS SELECT * FROM events"
    )
    before = athena.rows("SELECT count(*) FROM grown")

    iceberg.load_table("shop.grown").append(
        events(("c9", 1.0, 1, 9)).rename_columns(
            ["customerid", "amount", "items", "event_time", "is_deleted"]
        )
    )

    assert (before, athena.rows("SELECT count(*) FROM grown")) == ([("3",)], [("4",)])


def test_a_table_is_read_as_of_a_snapshot_and_of_a_time(athena, tables):
    first, second = tables.history()[:2]
    by_id = f"SELECT count(*) FROM events FOR VERSION AS OF {first.snapshot_id}"
    by_time = (
        "SELECT count(*) FROM events FOR TIMESTAMP AS OF "
        f"from_unixtime({(second.timestamp_ms - 1) / 1000})"
    )

    assert (athena.rows(by_id), athena.rows(by_time)) == ([("2",)], [("2",)])


def test_an_old_snapshot_has_the_columns_it_had(athena, iceberg, tables):
    table = iceberg.create_table("shop.evolved", tables.schema(), location="s3://lake/shop/evolved")
    table.append(events(("c1", 1.0, 1, 1)))
    before = table.current_snapshot().snapshot_id
    with table.update_schema() as change:
        change.add_column("extra", StringType())
        change.rename_column("amount", "total")
    table.append(
        events(("c2", 2.0, 2, 2)).rename_columns(
            ["CustomerId", "total", "items", "event_time", "is_deleted"]
        )
    )

    now = athena.run("SELECT total, extra FROM evolved ORDER BY event_time")
    then = athena.run(f"SELECT * FROM evolved FOR VERSION AS OF {before}")

    assert now.rows == [("1.0", None), ("2.0", None)]
    assert [name for name, _ in then.columns][:2] == ["customerid", "amount"]


def test_a_table_without_any_commit_is_empty(athena, iceberg, tables):
    iceberg.create_table("shop.fresh", tables.schema(), location="s3://lake/shop/fresh")

    assert athena.rows("SELECT * FROM fresh") == []


def test_metadata_tables_show_the_history(athena, tables):
    kinds = athena.rows('SELECT operation FROM "events$snapshots" ORDER BY committed_at LIMIT 2')
    files = athena.rows('SELECT sum(record_count) FROM shop."events$files"')

    assert (kinds, files) == ([("append",), ("append",)], [("3",)])


def test_a_hive_table_has_registered_partitions_only_and_null_for_missing_columns(athena):
    rows = athena.rows("SELECT * FROM visits ORDER BY dt")

    assert rows == [("home", "3", "1"), ("cart", None, "2")]


def test_partitions_that_lie_anywhere_have_their_registered_values(athena, glue, s3):
    table = hive_table("placed", {"v": "bigint"}, {"day": "date"}, "s3://lake/placed/")
    glue.create_table(DatabaseName="shop", TableInput=table)
    put_parquet(s3, "elsewhere/x.parquet", pa.table({"v": [1]}))
    descriptor = {**table["StorageDescriptor"], "Location": "s3://lake/elsewhere/"}
    glue.create_partition(
        DatabaseName="shop",
        TableName="placed",
        PartitionInput={"Values": ["2026-01-02"], "StorageDescriptor": descriptor},
    )

    assert athena.rows("SELECT v, day + INTERVAL '1' DAY FROM placed") == [("1", "2026-01-03")]


def test_projected_partitions_need_no_registration(athena, glue, s3):
    table = hive_table(
        "projected",
        {"v": "bigint"},
        {"n": "int"},
        "s3://lake/projected/",
        **{
            "projection.enabled": "true",
            "projection.n.type": "integer",
            "projection.n.range": "1,5",
        },
    )
    glue.create_table(DatabaseName="shop", TableInput=table)
    for n in (1, 9):
        put_parquet(s3, f"projected/n={n}/x.parquet", pa.table({"v": [n * 10]}))

    assert athena.rows("SELECT v, n FROM projected") == [("10", "1")]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT count(*) FROM events WHERE is_deleted = false", [("3",)]),
        (
            "WITH events AS (SELECT * FROM events WHERE items > 1) SELECT count(*) FROM events",
            [("2",)],
        ),
        ("SELECT a.customerid FROM events a JOIN events b ON a.items = b.items + 2", [("c1",)]),
        ("SELECT shop.events.items FROM shop.events WHERE shop.events.items = 2", [("2",)]),
        ('SELECT count(*) FROM "awsdatacatalog"."shop"."events"', [("3",)]),
        (
            "SELECT customerid, max_by(CAST(ROW(amount, items) AS ROW(a double, i bigint)), "
            "event_time).i FROM events GROUP BY 1 ORDER BY 1",
            [("c1", "3"), ("c2", "2")],
        ),
        (
            "SELECT customerid, items FROM (SELECT customerid, items, row_number() OVER (PARTITION "
            "BY customerid ORDER BY event_time DESC) AS rn FROM events) WHERE rn = 1 ORDER BY 1",
            [("c1", "3"), ("c2", "2")],
        ),
        (
            "SELECT count(*) FROM events e WHERE EXISTS (SELECT 1 FROM visits v WHERE v.seconds = e.items)",
            [("1",)],
        ),
        ("SELECT n FROM UNNEST(sequence(1, 2)) AS u(n)", [("1",), ("2",)]),
        (
            "SELECT customerid FROM events UNION SELECT page FROM visits ORDER BY 1 LIMIT 1",
            [("c1",)],
        ),
        ("VALUES (1, 'a')", [("1", "a")]),
    ],
)
def test_queries_of_many_shapes(athena, sql, rows):
    assert athena.rows(sql) == rows


def test_parameters_are_values_whatever_they_hold(athena):
    hostile = ["'c1'' OR ''1''=''1'", "'; DROP TABLE events; --'", "'c1'"]
    found = [
        athena.rows("SELECT count(*) FROM events WHERE customerid = ? AND items >= ?", text, "1")
        for text in hostile
    ]

    assert found == [[("0",)], [("0",)], [("2",)]]
    assert athena.rows(EVERY_EVENT) == [("c1", "1.5"), ("c2", None), ("c1", "7.25")]


def test_bytes_scanned_grow_with_what_is_read(athena):
    def scanned(sql):
        return athena.run(sql).document["Statistics"]["DataScannedInBytes"]

    one_day = scanned("SELECT * FROM events WHERE event_time < TIMESTAMP '2026-01-02 00:00:00'")
    every_day = scanned("SELECT * FROM events")

    assert 0 < one_day < every_day
