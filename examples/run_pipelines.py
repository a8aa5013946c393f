"""Pipelines over the past: a month of three feature groups, in parts, on the deployed machine.

    eval "$(make -s env)"; .venv/bin/python -m examples.run_pipelines

`make pipelines` runs it. It writes flights and card payments as tables of events. The pipelines of
``features/carrier.yaml``, ``aircraft.yaml`` and ``card.yaml`` compute a month, five days at a time.
Parts that are published already are not computed again. Then it shows how far each pipeline is. It
compares stores, history and source at last: the report must find no difference.
"""

from __future__ import annotations

import argparse
import sys
import time

import larder
from examples import flight_events, payments
from larder import Platform, Progress

MONTHS = {
    "carrier": ("2013-02-01T00:00Z", "2013-03-03T00:00Z"),
    "aircraft": ("2013-02-01T00:00Z", "2013-03-03T00:00Z"),
    "card": (payments.FIRST, payments.UNTIL),
}
"""The month that is computed of each pipeline."""


def main() -> None:
    """Write events, backfill, show."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chunk", default="5d", help="the length of parts")
    arguments = parser.parse_args()
    flight_events.publish()
    payments.publish()
    with larder.connect() as platform:
        for group in MONTHS:
            backfill(platform, group, arguments.chunk)
        for group in MONTHS:
            show(platform, group)
        different = sum(compare(platform, group) for group in MONTHS)
    if different:
        sys.exit(f"{different} cells differ: larder consistency NAME says where")


def backfill(platform: Platform, group: str, chunk: str) -> None:
    """Compute what is not published yet."""
    start, (after, until) = time.perf_counter(), MONTHS[group]
    run = platform.pipelines.run(group, after=after, until=until, chunk=chunk, report=tell)
    if run.status != "SUCCEEDED":
        sys.exit(f"{group}: the run {run.status}: {run.cause}")
    seconds = time.perf_counter() - start
    print(f"{group:10} {run.published} intervals published, {run.rows} rows, {seconds:.0f} s")


def tell(progress: Progress) -> None:
    """How much of the month is published, on a terminal."""
    if sys.stderr.isatty():
        done = f"{progress.fraction or 0:.0%}, {progress.rows} rows, {progress.seconds:.0f} s"
        print(f"{progress.stage:10} {done}", end="\r", file=sys.stderr)


def show(platform: Platform, group: str) -> None:
    """How far the pipeline is, and how often it was tried."""
    status = platform.pipelines.status(group)
    assert status is not None, "it was just run"  # noqa: S101
    counts = ", ".join(f"{number} {state}" for state, number in sorted(status.states.items()))
    print(f"{group:10} published without a gap until {status.published_until}; {counts}")
    for each in status.open:
        print(f"{'':10} {each.after} to {each.until}: {each.state}, {each.cause}")


def compare(platform: Platform, group: str) -> int:
    """How many cells differ between stores, history and source."""
    report = platform.pipelines.consistency(group, sample=200)
    print(f"{group:10} {report.keys} records, {report.cells} cells compared: ", end="")
    print(f"{report.different} differ")
    return report.different


if __name__ == "__main__":
    main()
