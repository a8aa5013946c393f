"""Runs SQL on Spark, in an interpreter of its own that has pyspark: ``python spark_runner.py DIR``.

Below the folder lie numbered cases: ``query.sql``, and ``<table>.parquet`` of each table. The rows
are written as ``result.json``. A case with a file ``ansi`` runs in ANSI mode: what does not fit
is an error. One with a file ``cpu`` writes no row, but the CPU seconds of Spark that it took.
"""

import json
import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession


def main():
    root = Path(sys.argv[1])
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", str(root / "warehouse"))
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    spark.sql("CREATE DATABASE larder_dev")
    for case in sorted(path for path in root.iterdir() if (path / "query.sql").exists()):
        spark.conf.set("spark.sql.ansi.enabled", str((case / "ansi").exists()).lower())
        for table in case.glob("*.parquet"):
            name = f"larder_dev.`{table.stem}`"
            spark.sql(f"DROP TABLE IF EXISTS {name}")
            spark.sql(f"CREATE TABLE {name} USING parquet LOCATION '{table}'")
        text = (case / "query.sql").read_text()
        rows = [[cpu_of(spark, text)]] if (case / "cpu").exists() else spark.sql(text).collect()
        (case / "result.json").write_text(json.dumps([list(row) for row in rows], default=str))
    spark.stop()


def cpu_of(spark, text):
    """CPU seconds of the JVM, its driver and executor in one, for all rows of a query."""
    before = jvm_seconds(spark)
    spark.sql(text).write.format("noop").mode("overwrite").save()
    return jvm_seconds(spark) - before


def jvm_seconds(spark):
    stat = Path(f"/proc/{spark.sparkContext._gateway.proc.pid}/stat").read_text()
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
