"""The example: real flights through the whole platform, by SageMaker's API.

    eval "$(make -s env)"; .venv/bin/python -m examples.flights --first 2013-01-05

It writes the records of four feature groups (features/*.yaml), reads the features of one flight
as a model at its departure gate would, and asks the offline store for history. `make up` runs it.
Records that are there already are not written again.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import boto3
from botocore.config import Config
from tqdm import tqdm

from examples.flight_features import records
from examples.quickstart import as_dict, query, wait_for

Record = dict[str, str]
WORKERS = 4
BATCH = 25  # BatchWriteRecord takes no more

runtime = boto3.client(
    "sagemaker-featurestore-runtime", config=Config(max_pool_connections=WORKERS)
)
control = boto3.client("sagemaker")


def main() -> None:
    """Load, look up, query."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--first", default="2013-01-05", help="first day of records")
    parser.add_argument("--last", default="2013-01-07", help="last day of records")
    arguments = parser.parse_args()
    groups = records(arguments.first, arguments.last)
    load(groups)
    show_lookup(groups)
    show_history(groups)


def load(groups: dict[str, list[Record]]) -> None:
    """Write the records of each group, unless the offline store has all of them already."""
    for group, rows in groups.items():
        if in_history(group, rows) >= len(rows):
            print(f"{group}: {len(rows)} records are there already")
            continue
        bar = tqdm(total=len(rows), desc=f"{group:15}", unit=" records", file=sys.stderr)
        with bar, ThreadPoolExecutor(WORKERS) as pool:
            for written in pool.map(lambda batch, name=group: write(name, batch), batches(rows)):
                bar.update(written)


def write(group: str, rows: list[Record]) -> int:
    """Write up to 25 records by one call, and what it left unprocessed by another."""
    entries: list[Any] = [
        {
            "FeatureGroupName": group,
            "Record": [{"FeatureName": n, "ValueAsString": text} for n, text in row.items()],
        }
        for row in rows
    ]
    while entries:
        answer = runtime.batch_write_record(Entries=entries)
        if answer["Errors"]:
            sys.exit(f"{group}: {answer['Errors'][0]['ErrorMessage']}")
        entries = answer["UnprocessedEntries"]
    return len(rows)


def in_history(group: str, rows: list[Record]) -> int:
    """How many records the offline store has between the first and the last of some."""
    times = sorted(row["event_time"] for row in rows)
    sql = f"""
SELECT count(DISTINCT cast(({key_of(rows)}) AS varchar)) AS n FROM {table_of(group)}
WHERE event_time BETWEEN '{times[0]}' AND '{times[-1]}'"""
    return int(query(sql)[0]["n"])


def show_lookup(groups: dict[str, list[Record]]) -> None:
    """Read the features of a flight about to leave, from four groups by one call."""
    plane, route = groups["aircraft"][-1]["tail_number"], groups["route"][-1]
    wanted = {
        "aircraft": plane,
        "carrier": groups["carrier"][-1]["carrier"],
        "route": route["route"],
        "origin_weather": route["origin"],
    }
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


def show_history(groups: dict[str, list[Record]]) -> None:
    """Wait until the offline store shows every record, then ask it for history."""
    waited = wait_for_history(groups)
    print(f"\nOffline: all {waited[0]} records are in Iceberg; the last came in {waited[1]:.0f} s.")
    moment = groups["carrier"][len(groups["carrier"]) // 2]["event_time"]
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


def wait_for_history(groups: dict[str, list[Record]]) -> tuple[int, float]:
    """How many records the offline store shows once it shows all, and the seconds it took."""
    expected = sum(map(len, groups.values()))
    start = time.monotonic()
    found = wait_for(
        "the offline store",
        lambda: sum(in_history(group, rows) for group, rows in groups.items()),
        lambda found: found >= expected,
    )
    return found, time.monotonic() - start


def key_of(rows: list[Record]) -> str:
    """SQL text that tells one record of a group from another."""
    identifier, event_time = list(rows[0])[:2]
    return f"{identifier} || ' ' || {event_time}"


def table_of(group: str) -> str:
    """The group's offline table, as SQL names it."""
    store = control.describe_feature_group(FeatureGroupName=group)["OfflineStoreConfig"]
    catalog = store["DataCatalogConfig"]
    return f'"{catalog["Database"]}"."{catalog["TableName"]}"'


def batches(rows: list[Record]) -> Iterator[list[Record]]:
    """The rows in runs of 25."""
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


if __name__ == "__main__":
    main()
