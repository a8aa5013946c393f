"""``larder restore --at TIME``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from larder.as_of.oracle import nanos_of
from larder.cli.parsers import add_stage
from larder.errors import ValidationError
from larder.extras import needs
from larder.wiring.location import find_platform

if TYPE_CHECKING:
    from larder.recovery.restore import RestoredTable, Tail

_PARTS = ("registry", "records")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = (
        "Restores the registry and the records to an instant, as new tables beside those in use, "
        "and switches on their stream, time to live, recovery and protection. Changes that may not "
        "be offline by then are set aside for `larder redrive`. Nothing in use is changed: it "
        "prints the options of `cdk deploy` that point the stage at the new tables. Run it again "
        "with the same instant to go on after an interruption. docs/restore.md has all steps."
    )
    parser.add_argument("--at", required=True, metavar="TIME", help="ISO-8601 with a zone, UTC: Z")
    parser.add_argument(
        "--only", choices=_PARTS, help="restore this table alone; the other one stays in use"
    )
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    moment = _seconds(options.at)
    with needs("cli", "larder restore"):
        from larder.wiring.offline import OperatorSettings  # noqa: PLC0415
        from larder.wiring.recovery import open_restoration  # noqa: PLC0415

    settings = find_platform(options.stage).settings(OperatorSettings)
    in_use = {"registry": settings.registry_table, "records": settings.records_table}
    chosen = [options.only] if options.only else list(_PARTS)
    restoration = open_restoration(settings, _silent if options.json else _to_stderr)
    done = restoration.run([in_use[part] for part in chosen], moment)
    restored = dict(zip(chosen, done, strict=True))
    names = in_use | {part: each.name for part, each in restored.items()}
    tail = restoration.tail(names["registry"], names["records"], moment)
    if options.json:
        tables = {part: asdict(each) for part, each in restored.items()}
        print(orjson.dumps({"tables": tables, "tail": asdict(tail)}).decode())
    else:
        print("\n".join(lines(restored, tail)))
    return 0


def lines(restored: dict[str, RestoredTable], tail: Tail) -> list[str]:
    """What was made, and what is to be done with it, for a person."""
    told = [f"{each.source}\n  restored as {each.name}" for each in restored.values()]
    since = datetime.fromtimestamp(tail.since / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    told.append(f"{tail.changes} changes since {since} may not be offline: they are set aside")
    told.append("")
    told.append("Point the stage at the new tables, in stacks/config.py (data.restored) or by")
    told += [f"  -c restored_{part}={each.stream}" for part, each in restored.items()]
    told.append("then write what was set aside: larder redrive")
    return told


def _seconds(text: str) -> int:
    try:
        seconds, rest = divmod(nanos_of(text), 1_000_000_000)
    except ValidationError as error:
        raise ValidationError(f"--at {text!r}: {error}") from error
    if rest:
        raise ValidationError(
            f"--at {text!r}: DynamoDB restores to whole seconds; leave the fraction out"
        )
    return seconds


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _silent(_text: str) -> None:
    """With ``--json`` there is no progress."""
