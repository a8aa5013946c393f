"""``larder ingest GROUP SOURCE``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import orjson

import larder
from larder.cli.parsers import add_reading, add_stage
from larder.cli.progress import ProgressBar
from larder.errors import ConfigurationError, LarderError, ResourceNotFound, ValidationError
from larder.ingestion.ingest import Summary, new_run_id


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = (
        "Writes rows straight into a group's offline table, or each record's newest version into "
        "its online store, or both, by the rules of PutRecord. Rows that can't be taken go to a "
        "file with the reasons, and the rest goes in. A run that was interrupted goes on under its "
        "id, and each row is written once. Exit status: 0 all rows taken, 1 some rejected or the "
        "run failed."
    )
    _add_options(parser)
    add_stage(parser)
    parser.set_defaults(run=_run)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("group", help="the feature group's name or ARN")
    parser.add_argument(
        "source",
        help="files of rows: .parquet, .csv, .tsv, .jsonl, .ndjson, .arrow or .feather (text also "
        "as .gz), a folder of them or a pattern; or s3://…. An empty cell, null and NaN are no "
        "value",
    )
    parser.add_argument("--time-zone", help="what times without a zone are in, such as UTC")
    add_reading(parser)
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="COLUMN=FEATURE",
        help="the feature that a column is, if named otherwise; COLUMN= leaves it out",
    )
    _add_run_options(parser)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", choices=("offline", "online", "both"), default="offline", help="default: offline"
    )
    parser.add_argument("--run-id", help="go on with the run of this id, or begin it")
    parser.add_argument(
        "--rejects",
        type=Path,
        metavar="PATH",
        help="a .jsonl, .csv or .parquet file for rows that can't be taken, or a folder for it "
        "(default: ~/.larder/rejects/GROUP-RUN-rejects.jsonl)",
    )
    parser.add_argument(
        "--max-writes-per-second",
        type=float,
        default=1000.0,
        metavar="N",
        help="of the online store (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")


def renamed(texts: list[str]) -> dict[str, str]:
    """Options of the form ``COLUMN=FEATURE``.

    Raises:
        ValidationError: one has another form, or a column occurs twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        column, sign, feature = text.rpartition("=")  # a column's name may have a sign in it
        if not sign or column in found:
            raise ValidationError(f"--map takes COLUMN=FEATURE, each once, not {text[:100]!r}")
        found[column] = feature
    return found


def _run(options: argparse.Namespace) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    run_id = options.run_id or new_run_id()
    try:
        with larder.connect(options.stage) as platform:
            done = platform.ingestion.ingest(
                options.group,
                options.source,
                to=options.to,
                run_id=run_id,
                rejects=options.rejects,
                columns=renamed(options.map),
                time_zone=options.time_zone,
                delimiter=options.delimiter,
                encoding=options.encoding,
                max_writes_per_second=options.max_writes_per_second,
                report=bar,
            )
    except (ValidationError, ResourceNotFound, ConfigurationError):
        raise
    except (LarderError, KeyboardInterrupt) as error:
        error.add_note(f"the same command with --run-id {run_id} goes on from here")
        raise
    finally:
        bar.end()
    print(orjson.dumps(asdict(done)).decode() if options.json else "\n".join(described(done)))
    return 1 if done.rejected else 0


def described(done: Summary) -> list[str]:
    """A run's outcome in lines."""
    rate = f", {done.rows / done.seconds:,.0f} rows/s" if done.seconds else ""
    before = " (completed before; nothing was done now)" if done.completed_before else ""
    lines = [
        f"run {done.run_id}{before}: {done.rows:,} rows read in {done.seconds:,.1f} s{rate}",
        f"  offline   {done.written:,} rows written",
        f"  online    {done.stored:,} records are as given, {done.older:,} had a newer one",
    ]
    if done.rejected:
        lines.append(f"  rejected  {done.rejected:,} rows, in {done.rejects}")
    return lines
