"""``larder predict run|status|backfill|redrive|latest|list|pause|resume`` on a platform."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson

import larder
from larder.cli.parsers import Commands, add_stage
from larder.cli.progress import ProgressBar

if TYPE_CHECKING:
    from larder.client.predictions import PredictionRun, PredictionStatus

_ABOUT = "Predictions: files in predictions/*.yaml that say which model scores which group."


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = _ABOUT
    inner: Commands = parser.add_subparsers(required=True, metavar="command")
    run = _command(inner, "run", "score all current records, and publish")
    run.add_argument("--as-of", metavar="TIME", help="the run's instant (default: this minute)")
    run.add_argument(
        "--again", action="store_true", help="score a published run again: its bytes are the same"
    )
    run.set_defaults(run=_run)
    redrive = _command(inner, "redrive", "score the shards that failed of a run, and publish")
    redrive.add_argument("--as-of", metavar="TIME", help="default: the newest run that failed")
    redrive.set_defaults(run=_redrive)
    _add_backfill(inner)
    latest = _command(inner, "latest", "show the newest published run, and where its scores lie")
    latest.set_defaults(run=_latest)
    _add_looks(inner)


def _add_backfill(inner: Commands) -> None:
    backfill = _command(inner, "backfill", "score records as of past instants, and publish")
    backfill.add_argument("--from", dest="after", required=True, metavar="TIME", help="exclusive")
    backfill.add_argument("--to", dest="until", required=True, metavar="TIME", help="inclusive")
    backfill.add_argument("--every", required=True, metavar="LENGTH", help="such as 1d")
    backfill.set_defaults(run=_backfill)


def _add_looks(inner: Commands) -> None:
    status = _command(inner, "status", "show how far a prediction is, and why runs failed")
    status.set_defaults(run=_status)
    listed = inner.add_parser("list", help="name the predictions that are deployed")
    add_stage(listed)
    listed.add_argument("--json", action="store_true", help="print JSON")
    listed.set_defaults(run=_list)
    for name, meaning in (
        ("pause", "have the schedule begin no runs of a prediction"),
        ("resume", "have the schedule begin runs of a prediction again"),
    ):
        switch = _command(inner, name, meaning)
        switch.set_defaults(run=_switch, paused=name == "pause")


def _command(inner: Commands, name: str, meaning: str) -> argparse.ArgumentParser:
    parser = inner.add_parser(name, help=meaning, description=f"{meaning}.".capitalize())
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    parser.add_argument("name", help="the prediction")
    return parser


def _run(options: argparse.Namespace) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    try:
        with larder.connect(options.stage) as platform:
            done = platform.predictions.run(
                options.name, as_of=options.as_of, again=options.again, report=bar
            )
    except KeyboardInterrupt as stop:
        stop.add_note("the run goes on; larder predict status shows it")
        raise
    finally:
        bar.end()
    return _told(options, done)


def _redrive(options: argparse.Namespace) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    try:
        with larder.connect(options.stage) as platform:
            done = platform.predictions.redrive(options.name, as_of=options.as_of, report=bar)
    finally:
        bar.end()
    return _told(options, done)


def _backfill(options: argparse.Namespace) -> int:
    bar, status = ProgressBar(sys.stderr, quiet=options.json), 0
    try:
        with larder.connect(options.stage) as platform:
            for done in platform.predictions.backfill(
                options.name,
                after=options.after,
                until=options.until,
                every=options.every,
                report=bar,
            ):
                bar.end()
                status = max(status, _told(options, done))
    finally:
        bar.end()
    return status


def _told(options: argparse.Namespace, done: PredictionRun) -> int:
    """Print what a run came to; the exit status."""
    if options.json:
        print(orjson.dumps(asdict(done)).decode())
    elif done.status != "SUCCEEDED":
        print(f"{options.name}: {done.status}: {done.cause}", file=sys.stderr)
    elif not done.run:
        print(f"{options.name}: nothing to do: it is published already, or paused")
    else:
        failed = f", without shards {list(done.failed_shards)}" if done.failed_shards else ""
        print(f"{done.run}: {done.rows:,} scores published{failed}")
    return 0 if done.status == "SUCCEEDED" else 1


def _status(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.predictions.status(options.name)
    if found is None:
        print(f"larder predict: {options.name} has never run", file=sys.stderr)
        return 1
    if options.json:
        print(orjson.dumps(asdict(found)).decode())
    else:
        print("\n".join(_lines(found)))
    return 1 if found.open else 0


def _lines(status: PredictionStatus) -> Iterator[str]:
    paused = ", paused" if status.paused else ""
    counts = ", ".join(f"{number:,} {state}" for state, number in sorted(status.states.items()))
    until = f"published until {status.published_until}" if status.published_until else "no scores"
    yield f"{status.prediction} (revision {status.revision}{paused}): {until}; {counts}"
    for each in status.open:
        cause = f": {each.cause}" if each.cause else ""
        yield f"  {each.as_of} {each.state}, attempt {each.attempts}{cause}"
        if each.state in ("failed", "blocked"):
            yield f"    larder predict redrive {status.prediction} --as-of {each.as_of}"


def _latest(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.predictions.latest(options.name)
    if found is None:
        print(f"larder predict: {options.name} has published nothing", file=sys.stderr)
        return 1
    if options.json:
        print(orjson.dumps(asdict(found)).decode())
        return 0
    print(f"{found.run_id}: {found.rows:,} scores as of {found.as_of}, by {_by(found.report)}")
    print(f"  {found.address}")
    return 0


def _by(report: dict[str, object]) -> str:
    return f"{report.get('model')} of snapshot {report.get('snapshot')}"


def _list(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.predictions.list()
    if options.json:
        print(orjson.dumps([asdict(each) for each in found]).decode())
        return 0
    for each in found:
        model = f"{each.model.group} ({each.model.choice})"
        print(f"{each.name}: {model} scores {each.source} into {each.target.group}")
    return 0


def _switch(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        predictions = platform.predictions
        (predictions.pause if options.paused else predictions.resume)(options.name)
    if options.json:
        print(orjson.dumps({"prediction": options.name, "paused": options.paused}).decode())
    else:
        print(f"{options.name} is {'paused' if options.paused else 'run by schedule again'}")
    return 0
