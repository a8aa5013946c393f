"""The data plane's operations on records, as SageMaker's model has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from larder.access.rules import Access, AccessRules
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
from larder.wire.errors import Response
from larder.wire.http import Request
from larder.wire.rest import RestApi

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
    _rest: RestApi[Call] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Enforce grants even where no rules were given."""
        self._rules = self.rules or AccessRules(self.reader.groups.home)
        self._operations = self._served()
        self._rest = RestApi(
            self._operations, operation_of, self._read, self._serve, _WITHOUT_NOT_FOUND
        )

    def handle(self, request: Request) -> tuple[str, Response]:
        """The name of the requested operation (``"Unknown"`` if it has none), and the response."""
        return self._rest.handle(request)

    def perform(self, call: Call) -> Response:
        """The response to a call of one of the model's operations."""
        return self._rest.perform(call)

    def _read(self, operation: str, group: str | None, request: Request) -> Call:
        return Call(
            operation,
            self._members(operation, group, request),
            request_id=request.request_id,
            caller_arn=request.caller_arn,
            consistency=consistency_asked(request.headers),
        )

    def _serve(self, call: Call) -> bytes:
        members = checked(call.operation, call.members)
        asker = _Asker(self._rules.access_of(call.caller_arn), call.consistency)
        return self._operations[call.operation](members, asker)

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
