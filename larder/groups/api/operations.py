"""The control plane: SageMaker's JSON 1.1 operations over the use cases.

One request in, one response out; whoever carries HTTP (a Lambda function, a server) calls this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from larder.errors import LarderError, ValidationError
from larder.groups.api import requests as read
from larder.groups.api.answers import described, present, summarized
from larder.groups.api.requests import Members
from larder.groups.listing import SORT_KEYS, Criteria, Order, cut
from larder.groups.manage import FeatureGroups
from larder.groups.update import GroupUpdates
from larder.wire.errors import Response, control_error, typed_error
from larder.wire.http import Request

Answer = dict[str, Any] | None
Operation = Callable[[Members], Answer]
_TARGET = "SageMaker."
_FORWARDED = re.compile(r"SageMaker\.[A-Za-z]{1,100}")
_KINDS_OF_CHANGE = ("FeatureAdditions", "OnlineStoreConfig", "ThroughputConfig")
_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class ControlApi:
    """Answers the control plane's requests.

    ``operations`` gives those of a caller, by SageMaker's names. What is none of them goes to
    ``forward``, which answers or raises ``ServiceUnavailable``; without it, it is refused.
    """

    operations: Callable[[str | None], dict[str, Operation]]
    forward: Callable[[Request], Response] | None = None

    def handle(self, request: Request) -> tuple[str, Response]:
        """The operation that was asked for (``"Unknown"`` if none), and the answer to it."""
        target = request.headers.get("x-amz-target", "")
        operation = target.removeprefix(_TARGET)
        operations = self.operations(request.caller_arn)
        serve = operations.get(operation) if target.startswith(_TARGET) else None
        try:
            if serve is not None:
                answer = serve(read.checked(operation, request.json_object()))
            elif self.forward is not None and _FORWARDED.fullmatch(target):
                return operation, self.forward(request)
            else:
                return "Unknown", _unknown(target, operations, request.request_id)
        except LarderError as error:
            return operation, control_error(error, request.request_id)
        return operation, _response(answer, request.request_id)


def feature_group_operations(groups: FeatureGroups) -> dict[str, Operation]:
    """The five operations on feature groups themselves."""
    operations = _FeatureGroupOperations(groups)
    return {
        "CreateFeatureGroup": operations.create,
        "DescribeFeatureGroup": operations.describe,
        "UpdateFeatureGroup": operations.update,
        "DeleteFeatureGroup": operations.delete,
        "ListFeatureGroups": operations.list_groups,
    }


@dataclass(frozen=True, slots=True)
class _FeatureGroupOperations:
    groups: FeatureGroups

    def create(self, members: Members) -> Answer:
        return {"FeatureGroupArn": self.groups.create(read.group_spec(members)).arn}

    def describe(self, members: Members) -> Answer:
        return described(self.groups.get(members["FeatureGroupName"]))

    def update(self, members: Members) -> Answer:
        name = members["FeatureGroupName"]
        kind = _kind_of_change(members)
        config = members[kind]
        updates = GroupUpdates(self.groups)
        match kind:
            case "FeatureAdditions":
                group = updates.add_features(name, read.feature_definitions(config))
            case "OnlineStoreConfig":
                group = updates.change_online_store(name, read.online_change(config))
            case _:
                group = updates.change_throughput(name, read.throughput(config))
        return {"FeatureGroupArn": group.arn}

    def delete(self, members: Members) -> Answer:
        self.groups.delete(members["FeatureGroupName"])
        return None

    def list_groups(self, members: Members) -> Answer:
        sort_by = members.get("SortBy", "CreationTime")
        order = Order(
            name=sort_by, descending=members.get("SortOrder", "Descending") == "Descending"
        )
        criteria = Criteria(
            name_contains=members.get("NameContains"),
            status=members.get("FeatureGroupStatusEquals"),
            offline_status=members.get("OfflineStoreStatusEquals"),
            created_after=members.get("CreationTimeAfter"),
            created_before=members.get("CreationTimeBefore"),
        )
        key = SORT_KEYS[sort_by]
        found = (
            (key(group), group.name, group)
            for group in self.groups.list()
            if criteria.admits(group)
        )
        size = members.get("MaxResults", _PAGE_SIZE)
        page = cut(found, order, size=size, token=members.get("NextToken"))
        summaries = [summarized(group) for group in page.entries]
        return present({"FeatureGroupSummaries": summaries, "NextToken": page.next_token})


def _unknown(target: str, operations: Iterable[str], request_id: str) -> Response:
    text = (
        f"The header X-Amz-Target, {target[:120]!r}, names no operation of this endpoint. It "
        f"serves SageMaker.<operation> for {', '.join(operations)}. Call SageMaker's own endpoint "
        "for any other, or let the stage forward it (forwarding in stacks/config.py)."
    )
    return typed_error("UnknownOperationException", 400, text, request_id)


def _kind_of_change(members: Members) -> str:
    given = [kind for kind in _KINDS_OF_CHANGE if kind in members]
    if len(given) != 1:
        raise ValidationError(
            f"UpdateFeatureGroup makes one kind of change: give one of "
            f"{', '.join(_KINDS_OF_CHANGE)}, not {' and '.join(given) or 'none of them'}."
        )
    config = members[given[0]]
    if isinstance(config, dict) and all(value is None for value in config.values()):
        raise ValidationError(f"{given[0]} changes nothing: give one of its members.")
    return given[0]


def _response(answer: Answer, request_id: str) -> Response:
    return {
        "statusCode": 200,
        "headers": {
            "content-type": "application/x-amz-json-1.1",
            "x-amzn-requestid": request_id,
        },
        "body": orjson.dumps(answer).decode() if answer is not None else "",
    }
