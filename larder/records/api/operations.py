"""The data plane: SageMaker's REST-JSON operations over the use cases.

One request in, one response out; whoever carries HTTP (a Lambda function, a server) calls this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from larder.access.rules import Access, AccessRules
from larder.errors import LarderError, ResourceNotFound, ValidationError
from larder.records.api import answers
from larder.records.api.requests import (
    Members,
    checked,
    consistency_asked,
    delete_record,
    get_records,
    put_record,
    query_members,
    update_record,
)
from larder.records.api.routes import operation_of
from larder.records.listing import RecordLister
from larder.records.ports import Consistency
from larder.records.read import RecordReader
from larder.records.update import RecordUpdater
from larder.records.write import RecordWriter
from larder.wire.errors import Response, runtime_error, typed_error
from larder.wire.http import Request

_WITHOUT_NOT_FOUND = frozenset({"PutRecord", "DeleteRecord"})
"""Operations whose model has no ResourceNotFound: they say it as a ValidationError."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call by the members of the operation's model, however they came here.

    ``caller_arn`` is as in ``Request``.
    """

    operation: str
    members: Members
    request_id: str
    caller_arn: str | None = None
    consistency: Consistency = Consistency.DEFAULT


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asks, and what the answer may miss."""

    access: Access
    consistency: Consistency


@dataclass(slots=True)
class RuntimeApi:
    """Answers the data plane's requests, each on behalf of its caller.

    Without ``rules``, groups without grants are open and the root user alone may do all.
    """

    reader: RecordReader
    writer: RecordWriter
    updater: RecordUpdater
    lister: RecordLister
    rules: AccessRules | None = None
    _rules: AccessRules = field(init=False)
    _operations: dict[str, Callable[[Members, _Asker], bytes]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Enforce grants even where nobody gave rules."""
        self._rules = self.rules or AccessRules(self.reader.groups.home)
        self._operations = self._served()

    def handle(self, request: Request) -> tuple[str, Response]:
        """The operation that was asked for (``"Unknown"`` if none), and the answer to it."""
        operation, group = operation_of(request)
        if operation not in self._operations:
            text = (
                f"{request.method} {request.path[:120]} is no operation of this endpoint; it "
                f"serves {', '.join(self._operations)}."
            )
            return "Unknown", typed_error(
                "UnknownOperationException", 404, text, request.request_id
            )
        try:
            call = Call(
                operation,
                self._members(operation, group, request),
                request_id=request.request_id,
                caller_arn=request.caller_arn,
                consistency=consistency_asked(request.headers),
            )
        except LarderError as error:
            return operation, runtime_error(error, request.request_id)
        return operation, self.perform(call)

    def perform(self, call: Call) -> Response:
        """The answer to a call of one of the model's operations."""
        try:
            members = checked(call.operation, call.members)
            asker = _Asker(self._rules.access_of(call.caller_arn), call.consistency)
            body = self._operations[call.operation](members, asker)
            return _answer(body, call.request_id)
        except ResourceNotFound as error:
            if call.operation in _WITHOUT_NOT_FOUND:
                return runtime_error(ValidationError(str(error)), call.request_id)
            return runtime_error(error, call.request_id)
        except LarderError as error:
            return runtime_error(error, call.request_id)

    def _served(self) -> dict[str, Callable[[Members, _Asker], bytes]]:
        return {
            "PutRecord": self._put_record,
            "GetRecord": self._get_record,
            "DeleteRecord": self._delete_record,
            "BatchGetRecord": self._batch_get_record,
            "BatchWriteRecord": self._batch_write_record,
            "UpdateRecord": self._update_record,
            "ListRecords": self._list_records,
        }

    @staticmethod
    def _members(operation: str, group: str | None, request: Request) -> Members:
        if request.method in {"GET", "DELETE"}:
            members = dict(query_members(operation, request.query_fields()))
        else:
            members = request.json_object()
        if group is not None:
            members["FeatureGroupName"] = group
        return members

    def _put_record(self, members: Members, asker: _Asker) -> bytes:
        self.writer.of_caller(asker.access).put(put_record(members))
        return b""

    def _delete_record(self, members: Members, asker: _Asker) -> bytes:
        self.writer.of_caller(asker.access).delete(delete_record(members))
        return b""

    def _get_record(self, members: Members, asker: _Asker) -> bytes:
        found = self.reader.of_caller(asker.access).get(
            members["FeatureGroupName"],
            members["RecordIdentifierValueAsString"],
            members.get("FeatureNames"),
            asker.consistency,
        )
        return answers.record(found, members) if found else b"{}"

    def _batch_get_record(self, members: Members, asker: _Asker) -> bytes:
        requests = [get_records(each) for each in members["Identifiers"]]
        outcome = self.reader.of_caller(asker.access).batch_get(requests, asker.consistency)
        return answers.batch_get(requests, outcome, members)

    def _batch_write_record(self, members: Members, asker: _Asker) -> bytes:
        entries: Sequence[Members] = members["Entries"]
        default = {"TtlDuration": members.get("TtlDuration")}
        outcome = self.writer.of_caller(asker.access).put_many(
            entries, lambda entry: put_record({**default, **entry})
        )
        return answers.batch_write(entries, outcome)

    def _update_record(self, members: Members, asker: _Asker) -> bytes:
        self.updater.of_caller(asker.access).update(update_record(members))
        return b""

    def _list_records(self, members: Members, asker: _Asker) -> bytes:
        listing = self.lister.of_caller(asker.access).list(
            members["FeatureGroupName"],
            limit=members.get("MaxResults") or 100,
            token=members.get("NextToken"),
            soft_deleted=members.get("IncludeSoftDeletedRecords") or False,
        )
        more = {"NextToken": listing.next_token} if listing.next_token else {}
        return orjson.dumps({"RecordIdentifiers": listing.identifiers, **more})


def _answer(body: bytes, request_id: str) -> Response:
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "x-amzn-requestid": request_id},
        "body": body.decode(),
    }
