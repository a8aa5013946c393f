"""API Gateway's events to the control plane's requests, one log line each."""

from __future__ import annotations

from collections.abc import Callable

from larder.access.rules import AccessRules
from larder.groups.api.annotations import annotation_operations
from larder.groups.api.operations import feature_group_operations
from larder.groups.api.requests import checked
from larder.groups.metadata import FeatureCatalog
from larder.telemetry.log import Log
from larder.wire.access_log import Handler, api_handler
from larder.wire.errors import Response, control_error
from larder.wire.http import Request
from larder.wire.json_rpc import JsonRpcApi, Operation

_LOG = Log({"Function": "control"})


def create_handler(
    catalog: FeatureCatalog,
    rules: AccessRules | None = None,
    forward: Callable[[Request], Response] | None = None,
) -> Handler:
    """The Lambda handler over a control plane; tests pass one with stores in memory.

    Without ``rules``, groups without grants are open and the root user alone may do all.
    """
    known = rules or AccessRules(catalog.groups.platform.home)

    def operations(caller: str | None) -> dict[str, Operation]:
        theirs = catalog.of_caller(known.access_of(caller))
        return {**feature_group_operations(theirs.groups), **annotation_operations(theirs)}

    api = JsonRpcApi(operations, checked, forward)
    return api_handler(api.handle, control_error, log=_LOG)
