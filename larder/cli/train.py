"""``larder train run|status|list`` on a platform, and ``check`` of a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

import larder
from larder.cli.parsers import Commands, add_stage
from larder.cli.progress import ProgressBar
from larder.extras import needs

if TYPE_CHECKING:
    from larder.client.trainings import RunStatus, TrainingStatus

_ABOUT = "Trainings: files in trainings/*.yaml that say what trains which model, and when."


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = _ABOUT
    inner: Commands = parser.add_subparsers(required=True, metavar="command")
    run = _command(inner, "run", "train now, compare with the champion, and decide")
    run.add_argument("--no-wait", action="store_true", help="return once the run has begun")
    run.set_defaults(run=_run)
    check = inner.add_parser("check", help="check a training's file, without a platform")
    check.add_argument("file", type=Path, help="the YAML file")
    check.set_defaults(run=_check)
    status = _command(inner, "status", "show the newest runs of a training, and why runs failed")
    status.set_defaults(run=_status)
    listed = inner.add_parser("list", help="name the trainings that are deployed")
    add_stage(listed)
    listed.add_argument("--json", action="store_true", help="print JSON")
    listed.set_defaults(run=_list)


def _command(inner: Commands, name: str, meaning: str) -> argparse.ArgumentParser:
    parser = inner.add_parser(name, help=meaning, description=f"{meaning}.".capitalize())
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    parser.add_argument("name", help="the training")
    return parser


def _run(options: argparse.Namespace) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    try:
        with larder.connect(options.stage) as platform:
            done = platform.trainings.run(options.name, wait=not options.no_wait, report=bar)
    except KeyboardInterrupt as stop:
        stop.add_note("the run goes on; larder train status shows it")
        raise
    finally:
        bar.end()
    if options.json:
        print(orjson.dumps(asdict(done)).decode())
    elif done.status == "RUNNING":
        print(f"{options.name}: begun; larder train status {options.name} shows it")
    elif done.status != "SUCCEEDED":
        print(f"{options.name}: {done.status}: {done.cause}", file=sys.stderr)
    elif not done.run:
        print(f"{options.name}: nothing begun: another run goes on")
    else:
        print(f"{done.package} is {done.outcome}: {done.reason}")
    return 0 if done.status in ("RUNNING", "SUCCEEDED") else 1


def _check(options: argparse.Namespace) -> int:
    with needs("pipelines", "train check"):
        # imported here: other commands need no YAML
        from larder.declared.trainings import load_training  # noqa: PLC0415 - optional

    found = load_training(options.file)
    step, metric = found.step, found.comparison.metric
    print(
        f"{options.file}: {found.name} is a training: {step.kind} {step.name} trains "
        f"{found.model.group}, compared by {metric}"
    )
    return 0


def _status(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.trainings.status(options.name)
    if found is None:
        print(f"larder train: {options.name} has never run", file=sys.stderr)
        return 1
    if options.json:
        print(orjson.dumps(asdict(found)).decode())
    else:
        print("\n".join(_lines(found)))
    return 1 if found.state == "failed" else 0


def _lines(status: TrainingStatus) -> Iterator[str]:
    yield f"{status.training}: {_line(status.newest)}"
    for each in status.earlier:
        yield f"  {_line(each)}"


def _line(run: RunStatus) -> str:
    attempts = f", attempt {run.attempts}" if run.attempts > 1 else ""
    head = f"run {run.run} by {run.trigger} {run.state}{attempts}"
    if run.cause:
        return f"{head}: {run.cause}"
    if run.outcome:
        return f"{head}: {run.package} is {run.outcome}: {run.reason}"
    return f"{head}: {run.package or run.training_set or 'no training set yet'}"


def _list(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.trainings.list()
    if options.json:
        print(orjson.dumps([asdict(each) for each in found]).decode())
        return 0
    for each in found:
        judged = f"{each.comparison.metric} on {each.comparison.held_out:g}%"
        print(f"{each.name}: {each.step.kind} {each.step.name} trains {each.model.group}, {judged}")
    return 0
