"""Result files and the pages read from them."""

import io
import json
from datetime import datetime

import pandas as pd
import pyarrow as pa

from local.athena.tables.cloud import split_s3
from tests.contract.athena.tables import hive_table, put_parquet


def read(s3, address):
    bucket, key = split_s3(address)
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def test_the_result_file_lies_at_its_key_and_pandas_reads_it(athena, s3):
    ran = athena.run("SELECT customerid, amount, items, event_time FROM events ORDER BY items")

    address = ran.document["ResultConfiguration"]["OutputLocation"]
    frame = pd.read_csv(io.StringIO(read(s3, address)), parse_dates=["event_time"])
    assert address == f"s3://results/open/{ran.id}.csv"
    assert frame["items"].tolist() == [1, 2, 3]
    assert frame["amount"].isna().tolist() == [False, True, False]
    assert frame["event_time"].dt.microsecond.tolist() == [123456] * 3
    assert json.loads(read(s3, address + ".metadata"))["columnInfo"][2]["Type"] == "bigint"


def test_csv_tells_null_from_empty_and_keeps_quotes_and_line_ends(athena, s3):
    sql = "SELECT * FROM (VALUES ('', NULL, 'a \"b\", c\nd')) AS t(e, n, q)"

    ran = athena.run(sql)

    text = read(s3, ran.document["ResultConfiguration"]["OutputLocation"])
    assert text == '"e","n","q"\n"",,"a ""b"", c\nd"\n'
    assert ran.rows == [("", None, 'a "b", c\nd')]


def test_results_come_in_pages_that_begin_with_the_header(athena):
    ran = athena.run("SELECT n, cast(n AS varchar) || '\n' FROM UNNEST(sequence(1, 2500)) AS u(n)")

    first = athena.client.get_query_results(QueryExecutionId=ran.id, MaxResults=2)
    header, one = [[cell["VarCharValue"] for cell in r["Data"]] for r in first["ResultSet"]["Rows"]]
    assert (header, one) == (["n", "_col1"], ["1", "1\n"])
    assert first["NextToken"]
    assert [int(row[0]) for row in ran.rows] == list(range(1, 2501))


def test_results_are_encrypted_as_the_workgroup_says(athena, cloud, s3):
    sealed = {"EncryptionOption": "SSE_KMS", "KmsKey": "alias/results"}
    location = {"OutputLocation": "s3://results/sealed/", "EncryptionConfiguration": sealed}
    cloud.control_plane().create_work_group(
        Name="sealed", Configuration={"ResultConfiguration": location}
    )

    ran = athena.run("SELECT 1", workgroup="sealed")

    shown = ran.document["ResultConfiguration"]
    bucket, key = split_s3(shown["OutputLocation"])
    stored = s3.head_object(Bucket=bucket, Key=key)
    assert shown["EncryptionConfiguration"] == sealed
    assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", "alias/results")


def test_l3_a_column_is_named_as_the_query_writes_it(athena):
    named = {
        'SELECT CustomerId, "CUSTOMERID", e.Amount, Amount AS Paid, items FROM events e': [
            ("CustomerId", "CUSTOMERID", "Amount", "Paid", "items")
        ],
        "SELECT * FROM events": [
            ("customerid", "amount", "items", "event_time", "is_deleted"),
        ],
        "SELECT * FROM (SELECT CustomerId, count(*) AS N FROM events GROUP BY CUSTOMERID)": [
            ("CustomerId", "N")
        ],
        "WITH T AS (SELECT Amount FROM events) SELECT AMOUNT, T.* FROM T": [("AMOUNT", "Amount")],
        "SELECT DISTINCT CustomerId FROM events ORDER BY customerID": [("CustomerId",)],
        "SELECT Items FROM events WHERE ITEMS > 1 UNION SELECT 0 ORDER BY items": [("Items",)],
        "SELECT Items, count(*) FROM events GROUP BY iteMS HAVING ITEMS > 0": [("Items", "_col1")],
        "SELECT CustomerId FROM events WHERE CustomerId IN (SELECT CUSTOMERID FROM events)": [
            ("CustomerId",)
        ],
    }
    assert {sql: athena.run(sql).all_rows[:1] for sql in named} == named


def test_l3_a_time_has_the_digits_of_its_columns_type(athena, s3, glue):
    moment = pa.array([datetime(2026, 1, 2, 3, 4, 5, 670_900)], pa.timestamp("us"))
    put_parquet(s3, "moments/a.parquet", pa.table({"at": moment}))
    table = hive_table("moments", {"at": "timestamp"}, {}, "s3://lake/moments/")
    glue.create_table(DatabaseName="shop", TableInput=table)
    athena.run(
        "CREATE TABLE shop.fine (at timestamp) LOCATION 's3://lake/shop/fine' "
        "TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    athena.run("INSERT INTO fine VALUES (TIMESTAMP '2026-01-02 03:04:05.67')")

    # Trino rounds a Hive table's times to milliseconds.
    assert athena.rows("SELECT at, date_trunc('minute', at), [at] FROM moments") == [
        ("2026-01-02 03:04:05.671", "2026-01-02 03:04:00.000", "[2026-01-02 03:04:05.671]")
    ]
    assert athena.rows("SELECT * FROM fine") == [("2026-01-02 03:04:05.670000",)]
    assert athena.rows("SELECT CAST(at AS timestamp), max(at) OVER () FROM fine") == [
        ("2026-01-02 03:04:05.670", "2026-01-02 03:04:05.670000")
    ]
    assert athena.rows("SELECT from_iso8601_timestamp('2026-01-02T03:04:05Z')") == [
        ("2026-01-02 03:04:05.000 UTC",)
    ]
