"""Statements that write: UNLOAD, CREATE TABLE AS, INSERT, DELETE, UPDATE, MERGE, DDL."""

import io

import pyarrow.parquet as pq
import pytest

from local.athena.tables.cloud import split_s3


def manifest(s3, ran):
    bucket, key = split_s3(ran.document["Statistics"]["DataManifestLocation"])
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode().split()


def read_parquet(s3, address):
    bucket, key = split_s3(address)
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return pq.read_table(io.BytesIO(body))


def test_unload_writes_parquet_and_a_manifest(athena, s3):
    ran = athena.run(
        "UNLOAD (SELECT customerid, sum(items) AS items FROM events GROUP BY 1 ORDER BY 1) "
        "TO 's3://lake/out/plain/' WITH (format = 'PARQUET', compression = 'SNAPPY')"
    )

    (file,) = manifest(s3, ran)
    assert file.startswith("s3://lake/out/plain/")
    assert read_parquet(s3, file).to_pydict() == {"customerid": ["c1", "c2"], "items": [4, 2]}
    assert ran.document["SubstatementType"] == "UNLOAD"


def test_unload_puts_partitions_in_folders(athena, s3):
    ran = athena.run(
        "UNLOAD (SELECT items, customerid FROM events) TO 's3://lake/out/parts' "
        "WITH (format = 'PARQUET', partitioned_by = ARRAY['customerid'])"
    )

    folders = {file.rsplit("/", 1)[0] for file in manifest(s3, ran)}
    assert folders == {"s3://lake/out/parts/customerid=c1", "s3://lake/out/parts/customerid=c2"}


def test_unload_wants_its_partition_keys_last(athena):
    reason = athena.reason(
        "UNLOAD (SELECT customerid, items FROM events) TO 's3://lake/out/order' "
        "WITH (format = 'PARQUET', partitioned_by = ARRAY['customerid'])"
    )

    assert reason.startswith("HIVE_COLUMN_ORDER_MISMATCH")


def test_a_partition_without_a_value_has_hives_name(athena, s3):
    ran = athena.run(
        "UNLOAD (SELECT 1 AS n, CAST(NULL AS varchar) AS k) TO 's3://lake/out/nulls' "
        "WITH (format = 'PARQUET', partitioned_by = ARRAY['k'])"
    )

    assert "/k=__HIVE_DEFAULT_PARTITION__/" in manifest(s3, ran)[0]


def test_unload_refuses_a_place_that_holds_something(athena):
    statement = "UNLOAD (SELECT 1 AS x) TO 's3://lake/out/twice' WITH (format = 'PARQUET')"
    athena.run(statement)

    assert athena.reason(statement).startswith("HIVE_PATH_ALREADY_EXISTS")


def test_create_table_as_makes_a_hive_table_below_the_output_location(athena, glue):
    ran = athena.run(
        "CREATE TABLE totals WITH (format = 'PARQUET', partitioned_by = ARRAY['customerid']) AS "
        "SELECT sum(items) AS items, customerid FROM events GROUP BY customerid"
    )

    location = glue.get_table(DatabaseName="shop", Name="totals")["Table"]["StorageDescriptor"]
    assert location["Location"] == f"s3://results/open/tables/{ran.id}"
    assert ran.document["ResultConfiguration"]["OutputLocation"] == location["Location"]
    assert athena.rows("SELECT * FROM totals ORDER BY 2") == [("4", "c1"), ("2", "c2")]
    athena.run("INSERT INTO totals VALUES (9, 'c3')")
    assert athena.rows("SELECT items FROM totals WHERE customerid = 'c3'") == [("9",)]


def test_a_workgroup_that_enforces_its_location_refuses_another(athena):
    reason = athena.reason(
        "CREATE TABLE elsewhere WITH (external_location = 's3://lake/elsewhere2/') AS SELECT 1 AS x",
        workgroup="strict",
    )

    assert "enforces a centralized output location" in reason


def test_create_table_as_needs_names_and_types_that_can_be_stored(athena):
    nameless = athena.reason("CREATE TABLE bad AS SELECT count(*) FROM events")
    zoned = athena.reason("CREATE TABLE bad AS SELECT current_timestamp AS t")
    taken = athena.reason("CREATE TABLE events AS SELECT 1 AS x")

    assert nameless.startswith("MISSING_COLUMN_NAME")
    assert zoned.startswith("NOT_SUPPORTED: Unsupported Hive type: timestamp with time zone")
    assert taken.startswith("TABLE_ALREADY_EXISTS")


@pytest.fixture
def stock(athena):
    """An Iceberg table ``stock`` of three articles, made by Athena's DDL."""
    athena.run("DROP TABLE IF EXISTS stock")
    made = athena.run(
        "CREATE TABLE stock (article string, amount bigint, seen timestamp) "
        "PARTITIONED BY (day(seen), bucket(4, article)) LOCATION 's3://lake/shop/stock/' "
        "TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    assert made.state == "SUCCEEDED", made.reason
    filled = athena.run(
        "INSERT INTO stock VALUES ('a', 1, TIMESTAMP '2026-01-01 00:00:00.000001'), "
        "('b', 2, TIMESTAMP '2026-01-02 00:00:00'), ('c', 3, NULL)"
    )
    assert filled.state == "SUCCEEDED", filled.reason
    return "SELECT article, amount FROM stock ORDER BY article"


def test_iceberg_ddl_makes_partitions(stock, iceberg):
    spec = iceberg.load_table("shop.stock").spec()

    assert [str(field.transform) for field in spec.fields] == ["day", "bucket[4]"]


def test_insert_fills_columns_by_position_and_leaves_others_null(athena, stock):
    ran = athena.run("INSERT INTO stock (amount, article) SELECT 4, 'd'")

    results = athena.client.get_query_results(QueryExecutionId=ran.id)
    assert results["UpdateCount"] == 1
    assert athena.rows("SELECT * FROM stock WHERE article = 'd'") == [("d", "4", None)]


def test_delete_update_and_merge_change_what_they_say(athena, stock):
    athena.run("DELETE FROM stock WHERE article = 'a'")
    athena.run("UPDATE stock SET amount = amount * 10 WHERE article = 'b'")
    athena.run(
        "MERGE INTO stock AS s USING (SELECT 'c' AS article, 30 AS amount UNION ALL "
        "SELECT 'e', 50) AS n ON s.article = n.article "
        "WHEN MATCHED THEN UPDATE SET amount = n.amount "
        "WHEN NOT MATCHED THEN INSERT (article, amount) VALUES (n.article, n.amount)"
    )

    assert athena.rows(stock) == [("b", "20"), ("c", "30"), ("e", "50")]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM stock WHERE article = 'a'",
        "DELETE FROM stock WHERE amount > 0",
        "UPDATE stock SET amount = 7 WHERE article = 'b'",
        "MERGE INTO stock AS s USING (SELECT 'c' AS article) AS n ON s.article = n.article "
        "WHEN MATCHED THEN DELETE",
        "INSERT INTO stock (article, amount) VALUES ('d', 4)",
    ],
    ids=["delete", "delete all", "update", "merge", "insert"],
)
def test_a_statement_is_one_snapshot_whose_parent_has_the_rows_before(athena, stock, statement):
    before = athena.rows(stock)
    snapshots = 'SELECT parent_id, snapshot_id FROM "stock$snapshots" ORDER BY committed_at'
    count = len(athena.rows(snapshots))

    ran = athena.run(statement)
    assert ran.state == "SUCCEEDED", ran.reason

    found = athena.rows(snapshots)
    assert len(found) == count + 1
    parent = found[-1][0]
    assert athena.rows(stock.replace("stock", f"stock FOR VERSION AS OF {parent}")) == before
    assert athena.rows(stock) != before


def test_delete_may_ask_other_tables(athena, stock):
    athena.run(
        "DELETE FROM stock WHERE amount IN (SELECT items FROM events WHERE customerid = 'c1')"
    )

    assert athena.rows(stock) == [("b", "2")]


def test_rows_of_hive_tables_cannot_be_changed(athena):
    reason = athena.reason("DELETE FROM visits WHERE dt = '1'")

    assert reason.startswith("NOT_SUPPORTED: Modifying Hive table rows")


def test_a_wrong_number_of_values_is_refused(athena, stock):
    reason = athena.reason("INSERT INTO stock VALUES ('z', 1)")

    assert "Insert query has 2 expressions but expected 3" in reason
