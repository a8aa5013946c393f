"""Which operation of the data plane an HTTP request is, as SageMaker's model has their paths."""

from __future__ import annotations

from urllib.parse import unquote

from larder.wire.http import Request

_GROUP_ROOT = "/FeatureGroup/"
_GROUP_OPERATIONS = {"PUT": "PutRecord", "GET": "GetRecord", "DELETE": "DeleteRecord"}
_POST_OPERATIONS = {"ListRecords": "ListRecords", "Record": "UpdateRecord"}
_ROOT_OPERATIONS = {
    "/BatchGetRecord": "BatchGetRecord",
    "/BatchWriteRecord": "BatchWriteRecord",
}


def operation_of(request: Request) -> tuple[str, str | None]:
    """The operation's name, or ``""``, and the group's name or ARN where the path has one.

    An ARN arrives as one percent-encoded segment or, decoded by an HTTP API, as two.
    """
    if request.method == "POST" and request.path in _ROOT_OPERATIONS:
        return _ROOT_OPERATIONS[request.path], None
    if not request.path.startswith(_GROUP_ROOT):
        return "", None
    group = unquote(request.path.removeprefix(_GROUP_ROOT))
    if request.method == "POST":
        group, _, last = group.rpartition("/")
        return _POST_OPERATIONS.get(last, ""), group
    return _GROUP_OPERATIONS.get(request.method, ""), group
