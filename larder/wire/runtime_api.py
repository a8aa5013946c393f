"""The data plane: SageMaker's REST-JSON operations over the use cases.

One request in, one response out; whoever carries HTTP (a Lambda function, a server) calls this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from larder.errors import LarderError, ResourceNotFound, ValidationError
from larder.record_reading import BatchOutcome, Found, GetRecords, RecordReader
from larder.record_writing import RecordWriter
from larder.wire.errors import Response, runtime_code, runtime_error, typed_error
from larder.wire.http import Request
from larder.wire.runtime_requests import (
    Members,
    checked,
    delete_record,
    get_records,
    put_record,
    query_members,
)

MAX_ANSWER_BYTES = 5_500_000
"""Lambda answers at most 6 MB; records beyond that are left unprocessed for the caller."""
_GROUP_ROOT = "/FeatureGroup/"
_GROUP_OPERATIONS = {"PUT": "PutRecord", "GET": "GetRecord", "DELETE": "DeleteRecord"}
_WITHOUT_NOT_FOUND = frozenset({"PutRecord", "DeleteRecord"})
"""Operations whose model has no ResourceNotFound: they say it as a ValidationError."""
_ROOT_OPERATIONS = {"/BatchGetRecord": "BatchGetRecord"}


@dataclass(slots=True)
class RuntimeApi:
    """Answers the data plane's requests."""

    reader: RecordReader
    writer: RecordWriter

    def handle(self, request: Request) -> tuple[str, Response]:
        """The operation that was asked for (``"Unknown"`` if none), and the answer to it."""
        operation, group = operation_of(request)
        serve = self._operations().get(operation)
        if serve is None:
            text = (
                f"{request.method} {request.path[:120]} is no operation of this endpoint; it "
                f"serves {', '.join(self._operations())}."
            )
            return "Unknown", typed_error(
                "UnknownOperationException", 404, text, request.request_id
            )
        try:
            members = self._members(operation, group, request)
            return operation, _answer(serve(members), request.request_id)
        except ResourceNotFound as error:
            if operation in _WITHOUT_NOT_FOUND:
                return operation, runtime_error(ValidationError(str(error)), request.request_id)
            return operation, runtime_error(error, request.request_id)
        except LarderError as error:
            return operation, runtime_error(error, request.request_id)

    def _operations(self) -> dict[str, Callable[[Members], bytes]]:
        return {
            "PutRecord": self._put_record,
            "GetRecord": self._get_record,
            "DeleteRecord": self._delete_record,
            "BatchGetRecord": self._batch_get_record,
        }

    @staticmethod
    def _members(operation: str, group: str | None, request: Request) -> Members:
        if request.method in {"GET", "DELETE"}:
            members = dict(query_members(operation, request.query_fields()))
        else:
            members = request.json_object()
        if group is not None:
            members["FeatureGroupName"] = group
        return checked(operation, members)

    def _put_record(self, members: Members) -> bytes:
        self.writer.put(put_record(members))
        return b""

    def _delete_record(self, members: Members) -> bytes:
        self.writer.delete(delete_record(members))
        return b""

    def _get_record(self, members: Members) -> bytes:
        found = self.reader.get(
            members["FeatureGroupName"],
            members["RecordIdentifierValueAsString"],
            members.get("FeatureNames"),
        )
        return orjson.dumps(_record(found, members) if found else {})

    def _batch_get_record(self, members: Members) -> bytes:
        requests = [get_records(each) for each in members["Identifiers"]]
        return _batch_answer(requests, self.reader.batch_get(requests), members)


def operation_of(request: Request) -> tuple[str, str | None]:
    """The operation's name, or ``""``, and the group's name or ARN where the path has one.

    An ARN arrives as one percent-encoded segment or, decoded by an HTTP API, as two.
    """
    if request.method == "POST" and request.path in _ROOT_OPERATIONS:
        return _ROOT_OPERATIONS[request.path], None
    if not request.path.startswith(_GROUP_ROOT):
        return "", None
    group = unquote(request.path.removeprefix(_GROUP_ROOT))
    return _GROUP_OPERATIONS.get(request.method, ""), group


def _record(found: Found, members: Members) -> dict[str, Any]:
    record: dict[str, Any] = {
        "Record": [
            {"FeatureName": name, "ValueAsString": value}
            if isinstance(value, str)
            else {"FeatureName": name, "ValueAsStringList": value}
            for name, value in found.values
        ]
    }
    if found.expires_at and members.get("ExpirationTimeResponse") == "Enabled":
        record["ExpiresAt"] = found.expires_at
    return record


def _batch_answer(requests: list[GetRecords], outcome: BatchOutcome, members: Members) -> bytes:
    records: list[bytes] = []
    size = 0
    for place, identifier, found in outcome.found:
        head = {
            "FeatureGroupName": requests[place].group,
            "RecordIdentifierValueAsString": identifier,
        }
        record = orjson.dumps(head | _record(found, members))
        if size + len(record) > MAX_ANSWER_BYTES:
            outcome.unprocessed.append((place, identifier))
            continue
        size += len(record)
        records.append(record)
    errors = [
        {
            "FeatureGroupName": requests[place].group,
            "RecordIdentifierValueAsString": identifier,
            "ErrorCode": runtime_code(error),
            "ErrorMessage": str(error),
        }
        for place, identifier, error in outcome.errors
    ]
    return b'{"Records":[%b],"Errors":%b,"UnprocessedIdentifiers":%b}' % (
        b",".join(records),
        orjson.dumps(errors),
        orjson.dumps(_unprocessed(requests, outcome)),
    )


def _unprocessed(requests: list[GetRecords], outcome: BatchOutcome) -> list[dict[str, Any]]:
    identifiers: dict[int, list[str]] = {}
    for place, identifier in outcome.unprocessed:
        identifiers.setdefault(place, []).append(identifier)
    entries = []
    for place, left in sorted(identifiers.items()):
        entry: dict[str, Any] = {
            "FeatureGroupName": requests[place].group,
            "RecordIdentifiersValueAsString": left,
        }
        features = requests[place].features
        entries.append(entry if features is None else entry | {"FeatureNames": list(features)})
    return entries


def _answer(body: bytes, request_id: str) -> Response:
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "x-amzn-requestid": request_id},
        "body": body.decode(),
    }
