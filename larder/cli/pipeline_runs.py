"""``larder pipeline run|backfill|redrive|accept|status|list|pause|resume`` on a platform."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson

import larder
from larder.cli.parsers import Commands, add_stage
from larder.cli.progress import ProgressBar

if TYPE_CHECKING:
    from larder.client.pipelines import PipelineRun, PipelinesClient, PipelineStatus


def add_runs(inner: Commands) -> None:
    """Add the commands."""
    run = _command(inner, "run", "compute what is due, or an interval that you name, and publish")
    run.add_argument("name", help="the feature group that the pipeline writes")
    _add_interval(run, required=False)
    run.set_defaults(run=_run)
    backfill = _command(inner, "backfill", "compute a long interval in parts, and publish")
    backfill.add_argument("name", help="the feature group that the pipeline writes")
    _add_interval(backfill, required=True)
    backfill.set_defaults(run=_run)
    accept = _command(inner, "accept", "publish the rows of a blocked run as they are")
    accept.add_argument("run_id", metavar="RUN_ID", help="as larder pipeline status shows it")
    accept.add_argument("--reason", required=True, metavar="TEXT", help="why the rows are right")
    accept.set_defaults(run=_accept)
    status = _command(inner, "status", "show how far pipelines are, and why intervals are not done")
    status.add_argument("name", nargs="?", help="this pipeline alone")
    status.set_defaults(run=_status)
    _add_list_and_switches(inner)


def _add_list_and_switches(inner: Commands) -> None:
    redrive = _command(inner, "redrive", "compute again what failed or is blocked, and publish")
    redrive.add_argument("name", help="the feature group that the pipeline writes")
    redrive.set_defaults(run=_redrive)
    listed = _command(inner, "list", "name the pipelines that were looked at")
    listed.set_defaults(run=_list)
    for name, meaning in (
        ("pause", "have looks compute nothing of a pipeline"),
        ("resume", "have looks compute what is due of a pipeline again"),
    ):
        switch = _command(inner, name, meaning)
        switch.add_argument("name", help="the feature group that the pipeline writes")
        switch.set_defaults(run=_switch, paused=name == "pause")


def _command(inner: Commands, name: str, meaning: str) -> argparse.ArgumentParser:
    parser = inner.add_parser(name, help=meaning, description=f"{meaning}.".capitalize())
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    return parser


def _add_interval(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--from", dest="after", required=required, metavar="TIME", help="exclusive")
    parser.add_argument("--to", dest="until", required=required, metavar="TIME", help="inclusive")
    parser.add_argument("--chunk", metavar="LENGTH", help="the length of parts (default: 1d)")
    parser.add_argument(
        "--again", action="store_true", help="compute what is published too, as corrections"
    )


def _run(options: argparse.Namespace) -> int:
    def run(pipelines: PipelinesClient, bar: ProgressBar) -> PipelineRun:
        return pipelines.run(
            options.name,
            after=options.after,
            until=options.until,
            chunk=options.chunk,
            again=options.again,
            report=bar,
        )

    return _done(options, run)


def _redrive(options: argparse.Namespace) -> int:
    return _done(options, lambda pipelines, bar: pipelines.redrive(options.name, report=bar))


def _done(
    options: argparse.Namespace, run: Callable[[PipelinesClient, ProgressBar], PipelineRun]
) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    try:
        with larder.connect(options.stage) as platform:
            done = run(platform.pipelines, bar)
    except KeyboardInterrupt as stop:
        stop.add_note("the run goes on; larder pipeline status shows it")
        raise
    finally:
        bar.end()
    return _told(options, options.name, done)


def _accept(options: argparse.Namespace) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    try:
        with larder.connect(options.stage) as platform:
            done = platform.pipelines.accept(options.run_id, options.reason, report=bar)
    finally:
        bar.end()
    return _told(options, options.run_id, done)


def _told(options: argparse.Namespace, what: str, done: PipelineRun) -> int:
    """Print what a run came to; the exit status."""
    if options.json:
        print(orjson.dumps(asdict(done)).decode())
    elif done.status == "SUCCEEDED":
        print(f"{what}: {done.published:,} intervals published, {done.rows:,} rows")
    else:
        print(f"{what}: {done.status}: {done.cause}", file=sys.stderr)
    return 0 if done.status == "SUCCEEDED" else 1


def _switch(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        switch = platform.pipelines.pause if options.paused else platform.pipelines.resume
        switch(options.name)
    if options.json:
        print(orjson.dumps({"pipeline": options.name, "paused": options.paused}).decode())
    else:
        print(f"{options.name} is {'paused' if options.paused else 'looked at again'}")
    return 0


def _list(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = list(platform.pipelines.statuses())
    if options.json:
        print(orjson.dumps([asdict(each) for each in found]).decode())
        return 0
    width = max((len(each.pipeline) for each in found), default=0)
    for each in found:
        counts = _counts(each) or "no intervals"
        paused = ", paused" if each.paused else ""
        until = f"until {each.published_until}"
        print(f"{each.pipeline:{width}}  revision {each.revision}  {until}  {counts}{paused}")
    return 0


def _status(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        if options.name is None:
            found = list(platform.pipelines.statuses())
        else:
            one = platform.pipelines.status(options.name)
            found = [one] if one else []
    if options.json:
        print(orjson.dumps([asdict(each) for each in found]).decode())
    else:
        for each in found:
            print("\n".join(_lines(each)))
    if not found:
        what = options.name or "no pipeline"
        print(f"larder pipeline: {what} was never looked at", file=sys.stderr)
    return 1 if any(each.open for each in found) or not found else 0


def _lines(status: PipelineStatus) -> Iterator[str]:
    paused = ", paused" if status.paused else ""
    yield (
        f"{status.pipeline} (revision {status.revision}{paused}): published until "
        f"{status.published_until}; {_counts(status) or 'no intervals'}"
    )
    if status.dropped:
        yield f"  {status.dropped:,} late events were older than late.accept: they changed nothing"
    for each in status.open:
        bounds = f"{each.after} to {each.until}"
        cause = f": {each.cause}" if each.cause else ""
        yield f"  {bounds} {each.state}, attempt {each.attempts}{cause}"
        if each.state == "blocked":
            yield f"    if its rows are right: larder pipeline accept {each.run_id} --reason TEXT"


def _counts(status: PipelineStatus) -> str:
    return ", ".join(f"{number:,} {state}" for state, number in sorted(status.states.items()))
