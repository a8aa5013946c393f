"""From delivery to visibility offline, while shards of the stream and feature groups grow.

Each shard's batch goes to an offline writer of its own, all at once, as Lambda does. The writer's
code is the deployed one; Glue, S3 and DynamoDB are moto's (with Glue's check of versions), on this
machine. So it is not AWS's latency that is seen here, but how the time grows beside the limit: one
bare commit for each table, one after the other. Fewer commits can't make all rows visible.

In the rows of one moto all requests share its one process. In those with services apart S3, Glue
and DynamoDB are a process each, as AWS's are services of their own. The writers are threads of one
process in both, where AWS has a process for each.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import boto3

from benchmarks.function import HOME, Shape
from benchmarks.measure import Figure, figure
from benchmarks.parts import Setting
from benchmarks.rows import Beside, Row
from larder.aws.dynamodb.boto import BotoDynamo
from larder.event_time import NANOS, nanos_to_iso
from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.offline.adapters.dynamodb_leases import DynamoLeases
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.staged_rows import RECORDS_FOLDER, S3StagedRows
from larder.offline.one_committer import OneCommitter
from larder.offline.rows import StreamChange
from larder.offline.write import OfflineWriter
from larder.records.versions import Stamp, live_version
from tests.support.moto_cloud import moto_cloud

_LOADS = ((1, 1), (4, 1), (16, 1), (1, 10), (4, 10), (16, 10), (1, 100), (4, 100), (16, 100))
_WIDE = ((16, 10), (4, 100), (16, 100))
"""Those that are measured with services apart too."""
_SERVICES = ("S3", "GLUE", "DYNAMODB")
_RECORDS = 10
_BARE_COMMITS = 5
_SECONDS = 280.0
_PROMISED_SECONDS = 60
_PROMISED = {(16, 1): 15, (1, 100): 15}
"""The platform's word to its users, in seconds; SageMaker's is 15 minutes."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds until the last of a round's rows was visible, and until half of them were."""

    last: float
    half: float


class _Groups:
    def __init__(self, groups: Sequence[FeatureGroup]) -> None:
        self._by_uid = {group.uid: group for group in groups}

    def get_by_uid(self, uid: str) -> FeatureGroup | None:
        return self._by_uid.get(uid)


class _NoQuarantine:
    def put(self, uid: str | None, change: object, reason: str) -> str:
        raise RuntimeError(f"{uid}: {change} can't be written: {reason}")

    def park(self, uid: str, changes: object, reason: str) -> str:
        return self.put(uid, changes, reason)


def rows(_setting: Setting) -> Iterator[Row]:
    """A row for each number of shards and groups, and for the widest one with services apart."""
    with moto_cloud() as one:
        yield from _rows(dict.fromkeys(_SERVICES, one), _LOADS, "the last")
    with moto_cloud() as s3, moto_cloud() as glue, moto_cloud() as dynamodb:
        apart = dict(zip(_SERVICES, (s3, glue, dynamodb), strict=True))
        yield from _rows(apart, _WIDE, "the last, services apart")


def _rows(
    endpoints: Mapping[str, str], loads: Sequence[tuple[int, int]], name: str
) -> Iterator[Row]:
    with patch.dict(os.environ, _environment(endpoints)):
        boto3.client("s3").create_bucket(Bucket="lake")
        _create_registry()
        boto3.client("glue").create_database(DatabaseInput={"Name": "bench"})
        for shards, groups in loads:
            before = _bare_commits(f"before{shards}x{groups}")
            found = _measure(shards, groups)
            bare = figure([*before, *_bare_commits(f"after{shards}x{groups}")])
            yield Row(
                id=f"visible offline, {shards} shards x {groups} groups, {name}",
                ours=Figure(found.last),
                unit="s",
                limit=Beside(
                    f"a bare commit a table; half of ours after {found.half:.3g} s",
                    Figure(bare.value * groups, bare.spread * groups),
                ),
                most=_PROMISED.get((shards, groups), _PROMISED_SECONDS),
            )


def _create_registry() -> None:
    keys = (("pk", "HASH"), ("sk", "RANGE"))
    dynamodb: Any = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="registry",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )


def _measure(shards: int, count: int) -> Measured:
    groups = [_group(f"g{shards}x{count}x{number}") for number in range(count)]
    tables = IcebergTables(open_catalog())
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(tables.create, groups))
    batches = [_batch(groups, shard) for shard in range(shards)]
    start = time.perf_counter()
    with ThreadPoolExecutor(shards) as threads:
        ends = sorted(threads.map(lambda batch: _write(groups, batch), batches))
    _check(groups, shards * _RECORDS)
    return Measured(ends[-1] - start, ends[len(ends) // 2] - start)


def _check(groups: Sequence[FeatureGroup], rows: int) -> None:
    """Each table has all rows once, or the time says nothing."""
    catalog = open_catalog()
    for group in groups:
        head = catalog.load_table(("bench", group.name)).current_snapshot()
        summary = head.summary if head else None
        found = int(summary["total-records"] or 0) if summary else 0
        if found != rows:
            raise RuntimeError(f"{group.name} has {found} rows, not {rows}")


def _bare_commits(name: str) -> list[float]:
    """Seconds of each of some appends of one batch's rows by PyIceberg alone."""
    group, catalog = _group(name), open_catalog()
    IcebergTables(catalog).create(group)
    _write([group], _batch([group], 0))
    rows = catalog.load_table(("bench", name)).scan().to_arrow()
    seconds = []
    for _ in range(_BARE_COMMITS):
        start = time.perf_counter()
        catalog.load_table(("bench", name)).append(rows)
        seconds.append(time.perf_counter() - start)
    return seconds


def _write(groups: Sequence[FeatureGroup], batch: Sequence[StreamChange]) -> float:
    writer = OfflineWriter(_Groups(groups), _tables(), _NoQuarantine())
    end = time.monotonic() + _SECONDS
    report = writer.write(batch, remaining=lambda: end - time.monotonic())
    if report.error is not None:
        raise report.error
    return time.perf_counter()


def _tables() -> OneCommitter:
    """The tables of one writer, as its function opens them."""
    return OneCommitter(
        IcebergTables(open_catalog()),
        DynamoLeases(BotoDynamo(boto3.client("dynamodb")), "registry"),
        S3StagedRows(boto3.client("s3"), "lake", RECORDS_FOLDER),
        new_id=lambda: uuid4().hex,
    )


def _group(name: str) -> FeatureGroup:
    store = OfflineStore("s3://lake", f"s3://lake/{name}", "AwsDataCatalog", "bench", name)
    return replace(Shape(10).group, name=name, uid=f"u{name}", offline=store)


def _batch(groups: Sequence[FeatureGroup], shard: int) -> list[StreamChange]:
    return [
        _change(group, shard * _RECORDS + number) for number in range(_RECORDS) for group in groups
    ]


def _change(group: FeatureGroup, number: int) -> StreamChange:
    now = 1_767_225_600_000_000 + number
    values = dict.fromkeys(group.feature_names, "0.5")
    values |= {"id": f"c{number}", "event_time": nanos_to_iso(1_767_225_600 * NANOS)}
    by_ordinal: Mapping[int, Any] = {group.ordinals[name]: text for name, text in values.items()}
    _, version = live_version(
        group, by_ordinal, stamp=Stamp(now, now), ttl=None, targets=group.stores
    )
    return StreamChange(f"{number:021}", group.uid, False, None, version, False, {})


def _environment(endpoints: Mapping[str, str]) -> dict[str, str]:
    return {
        **{f"AWS_ENDPOINT_URL_{name}": url for name, url in endpoints.items()},
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": HOME.region,
        "AWS_DEFAULT_REGION": HOME.region,
    }
