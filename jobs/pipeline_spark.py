"""A Glue job that computes finished SQL by Spark and writes the rows as Parquet on S3.

``--sql`` names objects with one statement each, ``--out`` a folder for the rows of each, both
parted by commas. ``--run`` is the run for which it is done. What a folder held is replaced, so that
a run may be repeated. Glue gives arguments of its own too, which are of no use here.
"""

import argparse
import sys
from collections.abc import Sequence

import boto3
from pyspark.sql import SparkSession


def main(arguments: Sequence[str]) -> None:
    """Compute every statement in a session of its own.

    In ANSI mode a sum that does not fit is an error, as on Athena; Spark alone would wrap it. In
    UTC a timestamp means the same as on Athena.
    """
    options = _options(arguments)
    spark = (
        SparkSession.builder.appName(options.run)
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    try:
        for address, folder in zip(options.sql, options.out, strict=True):
            spark.sql(_text(address)).write.mode("overwrite").parquet(folder)
            print(f"{options.run}: rows of {address} are in {folder}", flush=True)
    finally:
        spark.stop()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--sql", required=True, type=_addresses)
    parser.add_argument("--out", required=True, type=_addresses)
    parser.add_argument("--run", required=True)
    options, _ = parser.parse_known_args(arguments)
    return options


def _addresses(text: str) -> list[str]:
    return text.split(",")


def _text(address: str) -> str:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    with boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"] as body:
        return body.read().decode()


if __name__ == "__main__":
    main(sys.argv[1:])
