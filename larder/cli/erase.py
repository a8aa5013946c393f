"""``larder erase GROUP IDENTIFIER``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

import orjson

import larder
from larder.cli.parsers import add_stage
from larder.erasure.erase import Erased, Life


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = (
        "Removes a record from the online store, all its history from the offline tables of every "
        "life of the group's name (snapshots and file versions that hold it included), and from "
        "failed batches and the quarantine. It names the training sets and query results that hold "
        "it. Repetitions of the stream don't bring it back; records put later are new ones. The "
        "report says what was searched, what was found, and what is never searched. The exit "
        "status is 1 where a place of the report could not be searched."
    )
    parser.add_argument("group", metavar="GROUP")
    parser.add_argument("identifier", metavar="IDENTIFIER")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    parser.add_argument(
        "--exposures",
        action="store_true",
        help="also rows of exposures whose unit is IDENTIFIER, of whatever endpoint",
    )
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_erase)


def _erase(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        done = platform.erasure.erase(
            options.group,
            options.identifier,
            dry_run=options.dry_run,
            exposures=options.exposures,
        )
    if options.json:
        told = {name: getattr(done, name) for name in ("found", "complete", "absent")}
        print(orjson.dumps({**asdict(done), **told}).decode())
    else:
        print("\n".join(lines(done)))
    return 0 if done.complete else 1


def lines(done: Erased) -> list[str]:
    """What was searched and what was erased, for a person."""
    verb = "would be removed" if done.dry_run else "removed"
    told = [_life(life, done.group) for life in done.lives]
    for trace in done.traces:
        what = f"{trace.place}: {trace.count} {trace.what} {'found' if trace.stays else verb}"
        told.append(f"{what} ({trace.left})" if trace.left else what)
        if trace.unsearched:
            told.append(f"  NOT SEARCHED: {trace.unsearched}")
    told += [f"never searched: {each}" for each in done.never_searched]
    told.append(_conclusion(done))
    return told


def _conclusion(done: Erased) -> str:
    if not done.complete:
        return "not every place could be searched, so nothing can be said of the whole"
    named = (
        " but those that were only named" if any(t.stays and t.count for t in done.traces) else ""
    )
    if done.absent:
        return f"none of the places above holds the identifier{named}"
    return (
        "a run without --dry-run removes this"
        if done.found
        else ("nothing was found; a run without --dry-run also removes the old versions of files")
    )


def _life(life: Life, group: str) -> str:
    created = datetime.fromtimestamp(life.created / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    text = f"group {group}, uid {life.uid}, created {created}, {life.status}"
    return f"{text}: can't hold it: {life.skipped}" if life.skipped else text
