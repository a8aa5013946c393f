"""CPU time of the data plane's handler over a DynamoDB that answers at once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks import events
from benchmarks.function import Shape, deployed, fill, over_boto3
from benchmarks.limit import bare_exchange
from benchmarks.measure import cpu_round, in_turn, one_core, wall_round
from benchmarks.parts import Setting
from benchmarks.rows import Beside, Goal, Row, at_least, at_most
from benchmarks.stub import Item, instant_dynamodb
from larder.records.adapters.dynamodb_item import record_key
from larder.records.values import slot_of

_RECORDS = 100
_WIDTHS = (10, 30, 50, 500)
_STORE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class _Read:
    """So many records of so many features; ``count`` calls make a round."""

    records: int
    width: int
    count: int
    boto3: Goal | None = None
    bare: Goal | None = None


_READS = {
    "GetRecord 1x10": _Read(1, 10, 200, at_least(6), at_most(4)),
    "GetRecord 1x500": _Read(1, 500, 60),
    "BatchGetRecord 10x10": _Read(10, 10, 60),
    "BatchGetRecord 100x10": _Read(100, 10, 12),
    "BatchGetRecord 100x30": _Read(100, 30, 10, at_least(5), at_most(6)),
    "BatchGetRecord 100x50": _Read(100, 50, 10),
}


def rows(_setting: Setting) -> Iterator[Row]:
    """Reads and writes."""
    with one_core(), instant_dynamodb() as url:
        shapes = {width: Shape(width) for width in _WIDTHS}
        fill(url, list(shapes.values()), _RECORDS)
        ours, boto3 = deployed(url), over_boto3(url)
        for name, read in _READS.items():
            shape = shapes[read.width]
            event = events.get_record(shape)
            operation, members = "GetItem", _get_item(shape)
            if read.records > 1:
                event = events.batch_get_record(shape, read.records)
                operation, members = "BatchGetItem", _batch_get_item(shape, read.records)
            least = bare_exchange(url, operation, members)
            calls = (partial(ours, event, None), partial(boto3, event, None), least)
            yield _row(name, calls, read.count, (read.boto3, read.bare))
        write = {"TableName": "records", **_update_item(shapes[10])}
        for name, event, times, goal in (
            ("PutRecord 1x10", events.put_record(shapes[10]), 1, at_least(5)),
            ("BatchWriteRecord 25x10", events.batch_write_record(shapes[10], 25), 25, at_least(6)),
        ):
            least = bare_exchange(url, "UpdateItem", write, times)
            calls = (partial(ours, event, None), partial(boto3, event, None), least)
            yield _row(name, calls, 100 // times, (goal, None))
    yield _waiting_row()


def _waiting_row() -> Row:
    """Time of a batch of writes over a store that takes its time, beside its calls in turn."""
    with instant_dynamodb(_STORE_SECONDS) as url:
        shape = Shape(10)
        fill(url, [shape], _RECORDS)
        write = {"TableName": "records", **_update_item(shape)}
        one_after_another = bare_exchange(url, "UpdateItem", write, 25)
        ours = partial(deployed(url), events.batch_write_record(shape, 25), None)
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
            mine, bare = in_turn(*(wall_round(call, 4) for call in (ours, one_after_another)))
    return Row(
        id="BatchWriteRecord 25x10, a store of 5 ms a call",
        ours=mine,
        unit="ms",
        limit=Beside("25 bare calls, one after the other", bare, at_most(0.25)),
    )


def _row(
    name: str,
    calls: Sequence[Callable[[], object]],
    count: int,
    goals: tuple[Goal | None, Goal | None],
) -> Row:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        ours, boto3, bare = in_turn(*(cpu_round(call, count) for call in calls))
    return Row(
        id=name,
        ours=ours,
        unit="ms CPU",
        peer=Beside("same handler on boto3", boto3, goals[0]),
        limit=Beside("bare socket, signed before", bare, goals[1]),
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
