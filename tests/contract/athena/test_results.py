"""Result files and the pages read from them."""

import io
import json

import pandas as pd

from local.athena.tables.cloud import split_s3


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
