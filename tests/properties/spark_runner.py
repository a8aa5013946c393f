"""Runs SQL on Spark, in an interpreter of its own that has pyspark: ``python spark_runner.py DIR``.

Below the folder lie numbered cases: ``query.sql``, and ``<table>.parquet`` of each table. The rows
are written as ``result.json``. A case with a file ``ansi`` runs in ANSI mode: what does not fit
is an error.
"""

import json
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
        rows = spark.sql((case / "query.sql").read_text()).collect()
        (case / "result.json").write_text(json.dumps([list(row) for row in rows], default=str))
    spark.stop()


if __name__ == "__main__":
    main()
