"""A shift that is planted in an endpoint's traffic, and the run of monitoring that names it.

    eval "$(make -s env)"; .venv/bin/python -m examples.monitor_demo

The endpoint of ``examples.serve_model`` is asked with rows of its own training set, first as they
are. Then the planes have twice as many seats, as if a source had changed its meaning. Each
time its exposures are compared with the baselines. The first time nothing may be found, the second
time the planted feature alone. The page with the plots needs no network.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import larder
from examples.delay_models import COLUMNS
from examples.quickstart import wait_for
from examples.serve_model import BATCH, ENDPOINT, KEYS, control, invoke, training_rows
from larder.monitoring.run_documents import RunReport

Frame = Any  # pandas is untyped here
PLANTED = "aircraft_seats"
ROWS = 2_000


def main() -> None:
    """Make baselines, ask twice, compare twice."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--page", default="build/monitoring.html", help="where the page goes")
    arguments = parser.parse_args()
    flights = training_rows()
    with larder.connect() as platform:
        baselines(platform)
        clean = asked(platform, flights)
        tell("Rows as in training", clean)
        shifted = asked(platform, flights.assign(**{PLANTED: flights[PLANTED] * 2}))
        tell(f"{PLANTED} twice as great", shifted)
        page = Path(arguments.page)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(platform.monitoring.html(shifted), encoding="utf-8")
        alerts = {each["feature"] for each in platform.monitoring.alerts()}
    print(f"\nThe page is {page}; open alerts name {', '.join(sorted(alerts))}")
    found = {each.feature for each in shifted.violations}
    if clean.violations or PLANTED not in found:
        sys.exit(f"found before the shift: {len(clean.violations)}; after it: {sorted(found)}")


def baselines(platform: larder.Platform) -> None:
    """The baseline of each of the endpoint's models, of the newest training set."""
    newest = max(
        (each for each in platform.training_sets.list() if "late-flights-departs" in each.name),
        key=lambda each: each.created_at,
    )
    config = control.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    made = control.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    for each in made:
        found = platform.monitoring.baseline(each["ModelName"], newest.name)
        print(f"Baseline {found.version} of {each['ModelName']}: {found.rows} rows")


def asked(platform: larder.Platform, flights: Frame) -> RunReport:
    """Ask with rows of the training set, and compare once the exposures are in their table."""
    since = datetime.now(UTC).isoformat()
    chosen = flights.iloc[np.random.default_rng(1).integers(0, len(flights), ROWS)]
    for start in range(0, ROWS, BATCH):
        invoke({"instances": [instance(row) for row in records(chosen, start)]})
    until = datetime.now(UTC).isoformat()
    return wait_for(
        f"{ROWS} exposures in their table",
        lambda: platform.monitoring.run(ENDPOINT, since=since, until=until),
        lambda run: run.exposures >= ROWS,
    )


def records(flights: Frame, start: int) -> list[dict[str, Any]]:
    """Some of the rows."""
    return list(flights.iloc[start : start + BATCH].to_dict("records"))


def instance(row: dict[str, Any]) -> dict[str, Any]:
    """A row as an instance that gives the model's inputs itself; NaN is left out."""
    given = {name: float(row[name]) for name in COLUMNS if row[name] == row[name]}
    return {**dict.fromkeys(KEYS), **given}


def tell(title: str, run: RunReport) -> None:
    """What a run found."""
    print(f"\n{title}: {run.exposures} exposures, {len(run.violations)} violations")
    for each in run.violations:
        print(f"  {each.variant}: {each.description}")


if __name__ == "__main__":
    main()
