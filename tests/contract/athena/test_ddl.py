"""CREATE TABLE over files, partitions, SHOW, DESCRIBE, databases."""

import pyarrow as pa

from tests.contract.athena.tables import put_parquet


def test_hive_ddl_makes_a_table_over_files_that_are_there(athena, s3):
    s3.put_object(Bucket="lake", Key="csv/f.csv", Body=b"id,name\n1,Ann\n2,\\N\n")
    s3.put_object(Bucket="lake", Key="json/f.json", Body=b'{"id": 1, "tags": ["x"]}\n')
    athena.run(
        "CREATE EXTERNAL TABLE people (id int, name string) ROW FORMAT DELIMITED FIELDS "
        "TERMINATED BY ',' LOCATION 's3://lake/csv/' TBLPROPERTIES ('skip.header.line.count'='1')"
    )
    athena.run(
        "CREATE EXTERNAL TABLE IF NOT EXISTS tagged (id int, tags array<string>) ROW FORMAT SERDE "
        "'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://lake/json/'"
    )

    assert athena.rows("SELECT * FROM people") == [("1", "Ann"), ("2", None)]
    assert athena.rows("SELECT id, tags[1] FROM tagged") == [("1", "x")]


def test_partitions_are_added_and_repaired(athena, s3):
    athena.run(
        "CREATE EXTERNAL TABLE parts (v bigint) PARTITIONED BY (n int) STORED AS PARQUET "
        "LOCATION 's3://lake/parts/'"
    )
    for n in (1, 2):
        put_parquet(s3, f"parts/n={n}/f.parquet", pa.table({"v": [n]}))
    counted = [athena.rows("SELECT count(*) FROM parts")]
    athena.run("ALTER TABLE parts ADD IF NOT EXISTS PARTITION (n = 1)")
    counted.append(athena.rows("SELECT count(*) FROM parts"))
    athena.run("MSCK REPAIR TABLE parts")
    counted.append(athena.rows("SELECT count(*) FROM parts"))

    assert counted == [[("0",)], [("1",)], [("2",)]]
    assert athena.rows("SHOW PARTITIONS parts") == [("n=1",), ("n=2",)]


def test_show_and_describe_tell_what_is_there(athena):
    columns = [row[0].split() for row in athena.rows("DESCRIBE shop.visits")]

    assert columns == [["page", "string"], ["seconds", "int"], ["dt", "string"]]
    assert athena.rows("SHOW TABLES IN shop 'vis*'") == [("visits",)]
    assert ("shop",) in athena.rows("SHOW DATABASES")
    assert athena.rows("SHOW COLUMNS IN visits") == [("page",), ("seconds",), ("dt",)]
    assert athena.rows("SHOW CREATE TABLE visits")[0] == ("CREATE EXTERNAL TABLE `shop.visits`(",)


def test_databases_come_and_go(athena):
    made = athena.run("CREATE DATABASE IF NOT EXISTS brief")
    assert made.state == "SUCCEEDED", made.reason
    athena.run("CREATE SCHEMA IF NOT EXISTS brief")
    there = athena.rows("SHOW DATABASES LIKE 'brief'")
    athena.run("DROP DATABASE brief")

    assert (there, athena.rows("SHOW DATABASES LIKE 'brief'")) == ([("brief",)], [])
