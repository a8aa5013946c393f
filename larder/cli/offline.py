"""``larder offline status`` and ``larder offline restore``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

import orjson

import larder
from larder.cli.parsers import add_stage
from larder.extras import needs
from larder.offline.status import GroupStatus
from larder.recovery.history import RestoredHistory
from larder.wiring.location import find_platform


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
    restore = inner.add_parser(
        "restore",
        help="bring an Iceberg table back whose catalog entry or files are gone",
        description="Registers the group's table again from the newest metadata below its location "
        "where the catalog has lost it, and makes the newest snapshot current whose files are all "
        "there. A table that is whole stays as it is, and nothing is deleted. Bring deleted "
        "objects back from the bucket's old versions first: docs/restore.md has the steps.",
    )
    restore.add_argument("group", metavar="GROUP")
    add_stage(restore)
    restore.add_argument("--json", action="store_true", help="print JSON")
    restore.set_defaults(run=_restore)


def _status(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.offline.status(options.groups)
    for each in found:
        print(orjson.dumps(asdict(each)).decode() if options.json else "\n".join(lines(each)))
    return 1 if any(each.problem for each in found) else 0


def _restore(options: argparse.Namespace) -> int:
    with needs("offline", "larder offline restore"):
        from larder.wiring.history import restore_history  # noqa: PLC0415 - optional
        from larder.wiring.offline import OperatorSettings  # noqa: PLC0415

    settings = find_platform(options.stage).settings(OperatorSettings)
    done = restore_history(settings, options.group)
    print(orjson.dumps(asdict(done)).decode() if options.json else "\n".join(restored(done)))
    return 0


def restored(done: RestoredHistory) -> list[str]:
    """What was done to a table, for a person."""
    told = []
    if done.registered:
        told.append(f"{done.table}: registered from {done.registered}")
    if done.dropped:
        lost = ", ".join(map(str, done.dropped))
        told.append(f"{done.table}: files of snapshots {lost} are gone; they are current no more")
    if not told:
        return [f"{done.table}: whole, nothing was changed"]
    return [*told, f"  current snapshot: {done.snapshot or 'none'}", "then: larder redrive"]


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
