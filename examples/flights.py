"""The example: real flights through the whole platform, from raw events to features.

    eval "$(make -s env)"; .venv/bin/python -m examples.flights --first 2013-01-05

It writes the flights as tables of events. Pipelines compute four feature groups of them
(features/*.yaml) for some days, and fill both stores. Then it reads the features of one flight as
a model at its departure gate would, and asks the offline store for history. `make up` runs it.
Days that are computed already are not computed again.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date, timedelta
from typing import Any

import boto3
import duckdb

import larder
from examples import flight_events
from examples.quickstart import as_dict, query

GROUPS = ("aircraft", "carrier", "origin_weather", "route")
_LAST = """
SELECT tail_number, carrier, route, origin FROM flights
WHERE landed_at <= $until::TIMESTAMP AND tail_number IS NOT NULL
ORDER BY landed_at DESC, flight_id LIMIT 1"""

runtime = boto3.client("sagemaker-featurestore-runtime")
control = boto3.client("sagemaker")


def main() -> None:
    """Write events, compute, look up, query."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--first", default="2013-01-05", help="first day of records")
    parser.add_argument("--last", default="2013-01-07", help="last day of records")
    arguments = parser.parse_args()
    until = (date.fromisoformat(arguments.last) + timedelta(days=1)).isoformat()
    flight_events.publish()
    compute(arguments.first, until)
    show_lookup(until)
    show_history(arguments.first)


def compute(first: str, until: str) -> None:
    """Have each pipeline compute the days that are not computed yet."""
    with larder.connect() as platform:
        for group in GROUPS:
            start = time.perf_counter()
            run = platform.pipelines.run(
                group, after=f"{first}T00:00Z", until=f"{until}T00:00Z", chunk="31d"
            )
            if run.status != "SUCCEEDED":
                sys.exit(f"{group}: the run {run.status}: {run.cause}")
            seconds = time.perf_counter() - start
            said = f"{run.rows} records in {seconds:.0f} s" if run.published else "is there already"
            print(f"{group:15} {said}")


def show_lookup(until: str) -> None:
    """Read the features of a flight, from four groups by one call."""
    flights = flight_events.table("flights")
    with duckdb.connect() as database:
        database.register("flights", flights)
        plane, carrier, route, origin = database.execute(_LAST, {"until": until}).fetchall()[0]
    wanted = {"aircraft": plane, "carrier": carrier, "route": route, "origin_weather": origin}
    identifiers: Any = [
        {"FeatureGroupName": group, "RecordIdentifiersValueAsString": [identifier]}
        for group, identifier in wanted.items()
    ]
    start = time.perf_counter()
    answer = runtime.batch_get_record(Identifiers=identifiers)
    milliseconds = (time.perf_counter() - start) * 1000
    print(f"\nOnline: what is known of a flight now (one BatchGetRecord, {milliseconds:.0f} ms)")
    for each in answer["Records"]:
        features = as_dict(each["Record"])
        values = ", ".join(f"{name} {text}" for name, text in list(features.items())[1:])
        print(f"  {each['FeatureGroupName']:15}{each['RecordIdentifierValueAsString']:8} {values}")


def show_history(first: str) -> None:
    """Ask the offline store for history."""
    rows = sum(in_history(group) for group in GROUPS)
    print(f"\nOffline: all {rows} records are in Iceberg.")
    moment = f"{first}T20:10:00Z"
    sql = f"""
SELECT airline,
       max_by(late_rate_24h, event_time) AS late_rate_now,
       max_by(late_rate_24h, event_time) FILTER (WHERE event_time <= '{moment}') AS late_rate_then,
       count(*) AS versions
FROM {table_of("carrier")} WHERE NOT is_deleted
GROUP BY airline HAVING count(*) > 15 ORDER BY late_rate_now DESC LIMIT 5"""
    print(f"Athena: the airlines' share of late flights, now and as it was known at {moment}")
    print(f"  {'airline':26}{'now':>8}{'then':>8}{'versions':>10}")
    for row in query(sql):
        now, then = (f"{float(row[name]):.1%}" for name in ("late_rate_now", "late_rate_then"))
        print(f"  {row['airline']:26}{now:>8}{then:>8}{row['versions']:>10}")


def in_history(group: str) -> int:
    """How many records of a group the offline store has."""
    return int(query(f"SELECT count(*) AS n FROM {table_of(group)}")[0]["n"])


def table_of(group: str) -> str:
    """The group's offline table, as SQL names it."""
    store = control.describe_feature_group(FeatureGroupName=group)["OfflineStoreConfig"]
    catalog = store["DataCatalogConfig"]
    return f'"{catalog["Database"]}"."{catalog["TableName"]}"'


if __name__ == "__main__":
    main()
