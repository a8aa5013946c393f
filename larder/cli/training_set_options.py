"""The options of ``larder training-set create``."""

from __future__ import annotations

import argparse

from larder.training_sets.engines import ATHENA, DUCKDB

ENGINES = {"athena": ATHENA, "local": DUCKDB}
"""What joins, by the word for it on the command line."""


def add_create_options(create: argparse.ArgumentParser) -> None:
    """Add the options of ``create``."""
    labels = create.add_mutually_exclusive_group(required=True)
    labels.add_argument("--labels", help="a Parquet or CSV file, or a folder of them; or s3://…")
    labels.add_argument("--sql", help="a query that gives the labels")
    labels.add_argument("--sql-file", help="a file with such a query")
    create.add_argument("--event-time", required=True, help="the labels' column of instants")
    create.add_argument(
        "--features",
        action="append",
        required=True,
        metavar="GROUP[:FEATURE[=NAME],…]",
        help="may be repeated; GROUP alone means all its features",
    )
    create.add_argument("--time-zone", help="what label times without a zone are in, such as UTC")
    create.add_argument(
        "--engine",
        choices=list(ENGINES),
        default="athena",
        help="what joins: Athena, or DuckDB on this machine; the rows are the same",
    )
    create.add_argument(
        "--partition-by",
        action="append",
        default=[],
        metavar="COLUMN",
        help="lay the files out in folders by this label column; may be repeated",
    )
    _add_feature_options(create)


def _add_feature_options(create: argparse.ArgumentParser) -> None:
    for option, value, meaning in (
        ("--key", "COLUMN", "the label column with its identifiers, if named otherwise"),
        ("--look-back", "7d", "greatest age of a value, inclusive: 90s, 15m, 24h, 7d, 2w"),
        ("--prefix", "TEXT", "put before its features' names"),
    ):
        create.add_argument(
            option, action="append", default=[], metavar=f"GROUP={value}", help=meaning
        )
    create.add_argument("--full-names", action="store_true", help="name features GROUP__FEATURE")
    create.add_argument("--known-as-of", help="leave out what was written after this instant")
    create.add_argument(
        "--as-known-then",
        action="store_true",
        help="leave out what was written after the label's own time",
    )
