"""API Gateway's events to the control plane's requests, one log line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from larder.access.rules import Access, AccessRules
from larder.groups.api import requests as of_groups
from larder.groups.api.annotations import annotation_operations
from larder.groups.api.operations import feature_group_operations
from larder.groups.metadata import FeatureCatalog
from larder.models.api import control_requests as of_models
from larder.models.api.control_operations import (
    item_tag_operations,
    model_operations,
    tag_operations,
)
from larder.models.api.control_shapes import REQUESTS as MODEL_REQUESTS
from larder.models.api.model_search import search_operations
from larder.models.catalog import ModelCatalog
from larder.models.names import kind_of_arn
from larder.models.registry_items import Kind
from larder.telemetry.log import Log
from larder.transforms.api import requests as of_transforms
from larder.transforms.api.operations import transform_operations
from larder.transforms.api.shapes import REQUESTS as TRANSFORM_REQUESTS
from larder.transforms.manage_jobs import TransformJobs
from larder.wire.access_log import Handler, api_handler
from larder.wire.errors import Response, control_error
from larder.wire.http import Request
from larder.wire.json_rpc import Answer, JsonRpcApi, Members, Operation

if TYPE_CHECKING:
    from larder.monitoring.manage_schedules import Monitoring

MONITORING: Final = frozenset(
    {
        *("CreateDataQualityJobDefinition", "DescribeDataQualityJobDefinition"),
        *("ListDataQualityJobDefinitions", "DeleteDataQualityJobDefinition"),
        *("CreateModelQualityJobDefinition", "DescribeModelQualityJobDefinition"),
        *("ListModelQualityJobDefinitions", "DeleteModelQualityJobDefinition"),
        *("CreateMonitoringSchedule", "UpdateMonitoringSchedule", "DescribeMonitoringSchedule"),
        *("ListMonitoringSchedules", "StartMonitoringSchedule", "StopMonitoringSchedule"),
        *("DeleteMonitoringSchedule", "ListMonitoringExecutions"),
    }
)
"""The operations on schedules of monitoring; they are known here before it is imported."""
_TAGS: Final = ("AddTags", "ListTags", "DeleteTags")
_WATCHES: Final = (Kind.QUALITY_DEFINITION, Kind.MONITORING_SCHEDULE)
_LOG = Log({"Function": "control"})


def create_handler(
    catalog: FeatureCatalog,
    rules: AccessRules | None = None,
    forward: Callable[[Request], Response] | None = None,
    models: ModelCatalog | None = None,
    transforms: TransformJobs | None = None,
    monitoring: Callable[[], Monitoring] | None = None,
) -> Handler:
    """The Lambda handler over a control plane; tests pass one with stores in memory.

    Without ``models`` there are feature groups alone, without ``transforms`` no transform jobs, and
    without ``monitoring`` no schedules of it.
    Without ``rules``, groups without grants are open and the root user alone may do all.
    """
    known = rules or AccessRules(catalog.groups.platform.home)

    def operations(caller: str | None) -> dict[str, Operation]:
        access = known.access_of(caller)
        served, annotations = _of_groups(catalog.of_caller(access))
        if models is not None:
            served |= _of_models(models.of_caller(access), annotations)
        if transforms is not None:
            jobs = transforms.of_caller(access)
            served |= {**transform_operations(jobs), **item_tag_operations(jobs.items, served)}
        if monitoring is not None:
            served = {**served, **_on_use(monitoring, access, served)}
        return served

    api = JsonRpcApi(operations, _checked, forward)
    return api_handler(api.handle, control_error, log=_LOG)


def _of_groups(
    theirs: FeatureCatalog,
) -> tuple[dict[str, Operation], dict[str, Operation]]:
    """The operations on feature groups, and those among them on tags and Search."""
    annotations = annotation_operations(theirs)
    return {**feature_group_operations(theirs.groups), **annotations}, annotations


def _of_models(own: ModelCatalog, annotations: Mapping[str, Operation]) -> dict[str, Operation]:
    """The operations on models, with those on tags and Search, for groups too."""
    return {
        **model_operations(own),
        **tag_operations(own, annotations),
        **search_operations(own, annotations["Search"]),
    }


def _on_use(
    opened: Callable[[], Monitoring], access: Access, served: Mapping[str, Operation]
) -> dict[str, Operation]:
    """The operations of monitoring, which is imported by the first request for it."""

    def of(name: str) -> Operation:
        def operation(members: Members) -> Answer:
            if name in _TAGS and kind_of_arn(members["ResourceArn"]) not in _WATCHES:
                return served[name](members)
            # imported where it is used: monitoring would be a sixth of a cold start
            from larder.monitoring.api.operations import operations_of  # noqa: PLC0415

            return operations_of(opened().of_caller(access), served)[name](members)

        return operation

    return {name: of(name) for name in (*MONITORING, *_TAGS, "DescribeModelPackage")}


def _checked(operation: str, members: Members) -> Members:
    if operation in TRANSFORM_REQUESTS:
        return of_transforms.checked(operation, members)
    if operation in MONITORING:
        from larder.monitoring.api import requests as of_monitoring  # noqa: PLC0415 - as above

        return of_monitoring.checked(operation, members)
    known = of_models.checked if operation in MODEL_REQUESTS else of_groups.checked
    return known(operation, members)
