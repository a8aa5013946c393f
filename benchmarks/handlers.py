"""CPU time of the data plane's handler over a DynamoDB that answers at once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import events
from benchmarks.function import Shape, deployed, fill, over_boto3
from benchmarks.limit import bare_exchange
from benchmarks.measure import cpu_milliseconds
from benchmarks.rows import Row
from benchmarks.stub import Item, instant_dynamodb
from larder.records.adapters.dynamodb_item import record_key
from larder.records.values import slot_of

_RECORDS = 100
_WIDTHS = (10, 30, 50, 500)
_READS = {
    "GetRecord 1x10": (1, 10, 200, 0.15),
    "GetRecord 1x500": (1, 500, 60, None),
    "BatchGetRecord 10x10": (10, 10, 60, None),
    "BatchGetRecord 100x10": (100, 10, 12, None),
    "BatchGetRecord 100x30": (100, 30, 10, 1.8),
    "BatchGetRecord 100x50": (100, 50, 10, 2.5),
}


def rows() -> Iterator[Row]:
    """Reads and writes."""
    with instant_dynamodb() as url:
        shapes = {width: Shape(width) for width in _WIDTHS}
        fill(url, list(shapes.values()), _RECORDS)
        ours, reference = deployed(url), over_boto3(url)
        for name, (records, width, count, target) in _READS.items():
            shape = shapes[width]
            event = events.get_record(shape)
            operation, members = "GetItem", _get_item(shape)
            if records > 1:
                event = events.batch_get_record(shape, records)
                operation, members = "BatchGetItem", _batch_get_item(shape, records)
            least = bare_exchange(url, operation, members)
            calls = (partial(ours, event, None), partial(reference, event, None), least)
            yield _row(name, calls, count, target)
        write = {"TableName": "records", **_update_item(shapes[10])}
        for name, event, times in (
            ("PutRecord 1x10", events.put_record(shapes[10]), 1),
            ("BatchWriteRecord 25x10", events.batch_write_record(shapes[10], 25), 25),
        ):
            least = bare_exchange(url, "UpdateItem", write, times)
            calls = (partial(ours, event, None), partial(reference, event, None), least)
            yield _row(name, calls, 100 // times, None)


def _row(
    name: str, calls: tuple[Callable[[], object], ...], count: int, target: float | None
) -> Row:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        ours, peer, limit = cpu_milliseconds(*calls, count=count)
    return Row(
        id=name,
        ours=ours,
        unit="ms CPU",
        peer=peer,
        against="same handler on boto3",
        limit=limit,
        least="bare socket, signed before",
        target=target,
    )


def _key(shape: Shape, number: int) -> Item:
    return record_key(slot_of(shape.group, f"c{number}"))


def _get_item(shape: Shape) -> Item:
    return {"TableName": "records", "Key": _key(shape, 0), "ConsistentRead": True}


def _batch_get_item(shape: Shape, records: int) -> Item:
    keys = [_key(shape, number) for number in range(records)]
    return {"RequestItems": {"records": {"Keys": keys, "ConsistentRead": True}}}


def _update_item(shape: Shape) -> Item:
    values = list(shape.values("c0").values())
    return {"Key": _key(shape, 0), "ExpressionAttributeValues": {":v": {"S": str(values)}}}
