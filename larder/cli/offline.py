"""``larder offline status``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

import orjson

import larder
from larder.cli.parsers import add_stage
from larder.offline.status import GroupStatus


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's own commands and their options."""
    inner = parser.add_subparsers(required=True, metavar="command")
    status = inner.add_parser(
        "status",
        help="rows, files, snapshot and watermark of each group",
        description="Every write accepted by a group's watermark is in its offline table; where "
        "that can't be proven it is unknown, with the reason.",
    )
    status.add_argument("groups", nargs="*", metavar="GROUP", help="default: all")
    add_stage(status)
    status.add_argument("--json", action="store_true", help="one JSON object a line")
    status.set_defaults(run=_status)


def _status(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.offline.status(options.groups)
    for each in found:
        print(orjson.dumps(asdict(each)).decode() if options.json else "\n".join(lines(each)))
    return 1 if any(each.problem for each in found) else 0


def lines(status: GroupStatus) -> list[str]:
    """A group's status for a person."""
    told = [f"{status.group} ({status.table})"]
    state = status.state
    if state is None:
        told.append(f"  {status.problem or 'format Glue: its files are not counted'}")
    else:
        megabytes = state.bytes / 2**20
        told.append(f"  {state.rows} rows in {state.files} files, {megabytes:.1f} MB")
        told.append(
            f"  snapshot {state.snapshot_id or 'none'} of {_time(state.snapshot_time)}, "
            f"{state.snapshots} kept; last rows committed {_time(state.last_commit)}"
        )
    if status.watermark is None or status.lag_seconds is None:
        told.append(f"  watermark unknown: {status.unknown}")
    else:
        told.append(f"  complete up to {_time(status.watermark)}, {status.lag_seconds:.0f} s ago")
    return told


def _time(micros: int | None) -> str:
    if micros is None:
        return "never"
    return datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
