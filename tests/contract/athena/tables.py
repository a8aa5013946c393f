"""Rows, files and Glue tables for the tests."""

from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq


def events(*rows):
    """Arrow rows of ``shop.events``: customer, amount, items, day of January 2026."""
    times = [datetime(2026, 1, day, 12, 0, 0, 123456) for *_, day in rows]
    return pa.table(
        {
            "CustomerId": pa.array([r[0] for r in rows], pa.string()),
            "amount": pa.array([r[1] for r in rows], pa.float64()),
            "items": pa.array([r[2] for r in rows], pa.int64()),
            "event_time": pa.array(times, pa.timestamp("us")),
            "is_deleted": pa.array([False] * len(rows), pa.bool_()),
        }
    )


def put_parquet(s3, key, table):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    s3.put_object(Bucket="lake", Key=key, Body=sink.getvalue().to_pybytes())


def hive_table(name, columns, keys, location, **parameters):
    """A Glue table over Parquet files."""
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [{"Name": key, "Type": kind} for key, kind in keys.items()],
        "StorageDescriptor": {
            "Location": location,
            "Columns": [{"Name": column, "Type": kind} for column, kind in columns.items()],
            "SerdeInfo": {
                "SerializationLibrary": (
                    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                )
            },
        },
    }


def make_visits(s3, glue):
    """Three folders, of which two are registered partitions; one file lacks a column."""
    table = hive_table(
        "visits", {"page": "string", "seconds": "int"}, {"dt": "string"}, "s3://lake/visits/"
    )
    glue.create_table(DatabaseName="shop", TableInput=table)
    put_parquet(s3, "visits/dt=1/a.parquet", pa.table({"page": ["home"], "seconds": [3]}))
    put_parquet(s3, "visits/dt=2/a.parquet", pa.table({"page": ["cart"]}))
    put_parquet(s3, "visits/dt=3/a.parquet", pa.table({"page": ["lost"], "seconds": [9]}))
    for dt in ("1", "2"):
        descriptor = {**table["StorageDescriptor"], "Location": f"s3://lake/visits/dt={dt}/"}
        glue.create_partition(
            DatabaseName="shop",
            TableName="visits",
            PartitionInput={"Values": [dt], "StorageDescriptor": descriptor},
        )
