"""CPU time of a page of ListFeatureGroups and of Search, of few groups and of many."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from benchmarks.function import HOME, Shape
from benchmarks.measure import cpu_round, in_turn
from benchmarks.parts import Setting
from benchmarks.rows import Beside, Row, at_most
from benchmarks.sorted_table import SortedTable
from lambdas.control.routes import create_handler
from larder.aws.dynamodb.api import Item
from larder.groups.adapters.dynamodb_index import COMPLETE, entry_item, entry_keys
from larder.groups.adapters.dynamodb_item import to_item
from larder.groups.adapters.dynamodb_metadata import DynamoFeatureMetadata
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.manage import FeatureGroups
from larder.groups.metadata import FeatureCatalog
from larder.groups.platform_rules import Platform

_FEW, _MANY = 10, 10_000
_FEATURES = 30
_SECOND = 1_000_000
_PAGES: dict[str, dict[str, Any]] = {
    "ListFeatureGroups": {"MaxResults": 10},
    "Search": {"Resource": "FeatureGroup", "MaxResults": 10},
}


def rows(_setting: Setting) -> Iterator[Row]:
    """A page of ten groups, the second one, as a program that lists them all asks for it."""
    few, many = _control(_FEW + 10), _control(_MANY)
    for operation, members in _PAGES.items():
        calls = [_second_page(handler, operation, members) for handler in (many, few)]
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
            ours, same = in_turn(*(cpu_round(call, 20) for call in calls))
        yield Row(
            id=f"{operation}, a page of 10 of {_MANY:,} groups",
            ours=ours,
            unit="ms CPU",
            limit=Beside("the same page of 20 groups", same, at_most(1.5)),
        )


def _second_page(
    handler: Callable[..., Any], operation: str, members: dict[str, Any]
) -> Callable[[], object]:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        first = handler(_event(operation, members), None)
    token = orjson.loads(first["body"])["NextToken"]
    return partial(handler, _event(operation, members | {"NextToken": token}), None)


def _event(operation: str, members: dict[str, Any]) -> dict[str, Any]:
    return {
        "headers": {"x-amz-target": f"SageMaker.{operation}"},
        "body": orjson.dumps(members).decode(),
        "requestContext": {"http": {"method": "POST"}, "requestId": "benchmark"},
    }


def _control(count: int) -> Callable[..., Any]:
    dynamodb = SortedTable(_items(count))
    platform = Platform(HOME, ("lake",), "larder", "key", max_groups=count)
    groups = FeatureGroups(DynamoRegistry(dynamodb, "registry"), platform, lambda: 0, str)
    store = DynamoFeatureMetadata(dynamodb, "registry")
    return create_handler(FeatureCatalog(groups, store, lambda: 0))


def _items(count: int) -> Iterator[Item]:
    yield COMPLETE
    like = Shape(_FEATURES).group
    for number in range(count):
        name, time = f"group-{number:06}", like.creation_time + number * _SECOND
        group = replace(
            like, name=name, uid=f"uid{number}", creation_time=time, last_modified_time=time
        )
        yield to_item(group)
        yield from (entry_item(key, name) for key in entry_keys(group))
