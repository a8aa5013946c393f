"""Predictions by schedule: scores of all customers and shoppers, ready when a user comes.

    eval "$(make -s env)"; .venv/bin/python -m examples.predictions [--customers N] [--shoppers N]

`make predictions` runs it. The people are made, by a seed: a customer's income, balance, loans,
arrears and age, and a shopper's taste. Two models are trained of them and registered. XGBoost says
how likely a customer is to default; ONNX points a taste to the ten nearest products. The deployed
machine scores all records and publishes them, as `predictions/*.yaml` say. Then single scores are
read by GetRecord.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import numpy as np
import pandas as pd

import larder
from examples.prediction_models import DIMENSION, credit_model, recommender, register
from larder import Platform, Progress

SEED = 20260101
CUSTOMERS, SHOPPERS = 20_000, 10_000
"""By default. `--customers` and `--shoppers` name others."""


def main() -> None:
    """Make, train, register, score, read back."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="default: %(default)s")
    parser.add_argument("--shoppers", type=int, default=SHOPPERS, help="default: %(default)s")
    arguments = parser.parse_args()
    with larder.connect() as platform:
        told = write(platform, "customer", customers(arguments.customers))
        register("credit", credit_model(told), alias=None)
        write(platform, "shopper", shoppers(arguments.shoppers))
        register("recommender", recommender(SEED), alias="champion")
        score(platform, "credit_score", arguments.customers)
        score(platform, "recommendations", arguments.shoppers)
    show("credit_score", "c0000007")
    show("recommendations", "s0000007")


def customers(count: int) -> pd.DataFrame:
    """What a bank knows of made customers at the end of yesterday."""
    random = np.random.default_rng(SEED)
    income = random.lognormal(7.8, 0.4, count)
    loans = random.poisson(0.8, count)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:07}" for number in range(count)],
            "event_time": _today(),
            "income": income.round(2),
            "balance": (income * random.normal(2, 2.5, count)).round(2),
            "loans": loans,
            "arrears": random.poisson(0.2 + 0.3 * loans, count),
            "age": random.integers(18, 90, count),
        }
    )


def shoppers(count: int) -> pd.DataFrame:
    """The tastes of made shoppers, each a vector that points to what was bought."""
    random = np.random.default_rng(SEED + 1)
    tastes = random.normal(size=(count, DIMENSION)).round(4)
    return pd.DataFrame(
        {
            "shopper_id": [f"s{number:07}" for number in range(count)],
            "event_time": _today(),
            "taste": list(tastes),
        }
    )


def write(platform: Platform, group: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Put the records into the history, which is what predictions read."""
    start = time.perf_counter()
    platform.ingestion.ingest(group, frame, to="offline")
    seconds = time.perf_counter() - start
    print(f"{group:16} {len(frame):,} records written, {len(frame) / seconds:,.0f} a second")
    return frame


def score(platform: Platform, name: str, count: int) -> None:
    """Run a prediction now, as its schedule would."""
    start = time.perf_counter()
    done = platform.predictions.run(name, report=tell)
    if done.status != "SUCCEEDED":
        sys.exit(f"{name}: the run {done.status}: {done.cause}")
    seconds = time.perf_counter() - start
    rate = done.rows / seconds
    print(f"{name:16} {done.rows:,} of {count:,} scored and published, {rate:,.0f} a second")
    latest = platform.predictions.latest(name)
    assert latest is not None, "it was just run"  # noqa: S101
    print(f"{'':16} by {latest.report['model']}, Parquet below {latest.address}")


def tell(progress: Progress) -> None:
    """How much is scored, and about when the rest will be; on a terminal."""
    if not sys.stderr.isatty() or not progress.fraction:
        return
    left = progress.seconds / progress.fraction - progress.seconds
    done = f"{progress.fraction:.0%} of the shards, {progress.seconds:.0f} s, {left:.0f} s left"
    print(f"{progress.stage:16} {done}", end="\r", file=sys.stderr)


def show(group: str, key: str) -> None:
    """One record, as a service reads it when its user comes."""
    runtime = boto3.client("sagemaker-featurestore-runtime")
    start = time.perf_counter()
    record = runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString=key)["Record"]
    milliseconds = (time.perf_counter() - start) * 1000
    values = ", ".join(f"{name} {value}" for name, value in _values(record))
    print(f"{group:16} {key}: {values} ({milliseconds:.0f} ms)")


def _values(record: list[dict[str, object]]) -> Iterator[tuple[object, object]]:
    for each in record:
        yield each["FeatureName"], each.get("ValueAsString") or each.get("ValueAsStringList")


def _today() -> str:
    """The day's begin. A run scores what is not after its own minute."""
    return f"{datetime.now(UTC):%Y-%m-%d}T00:00:00Z"


if __name__ == "__main__":
    main()
