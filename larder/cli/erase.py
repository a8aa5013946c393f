"""``larder erase GROUP IDENTIFIER``."""

from __future__ import annotations

import argparse
from dataclasses import asdict

import orjson

import larder
from larder.cli.parsers import add_stage
from larder.erasure.erase import Erased


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = (
        "Removes a record from the online store, all its history from the offline table (snapshots "
        "that hold it included), and from failed batches and the quarantine; names the training "
        "sets that hold it. Repetitions of the stream don't bring it back; records put later are "
        "new ones. A second run proves absence."
    )
    parser.add_argument("group", metavar="GROUP")
    parser.add_argument("identifier", metavar="IDENTIFIER")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_erase)


def _erase(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        done = platform.erasure.erase(options.group, options.identifier, dry_run=options.dry_run)
    if options.json:
        print(orjson.dumps({**asdict(done), "found": done.found}).decode())
    else:
        print("\n".join(lines(done)))
    return 0


def lines(done: Erased) -> list[str]:
    """What was erased, for a person."""
    verb = "would be removed" if done.dry_run else "removed"
    told = []
    for trace in done.traces:
        what = f"{trace.place}: {trace.count} {trace.what} {'found' if trace.stays else verb}"
        told.append(f"{what} ({trace.left})" if trace.left else what)
    if not done.found:
        told.append("there is nothing to remove")
    return told
