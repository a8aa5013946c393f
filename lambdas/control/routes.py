"""API Gateway's events to the control plane's requests, one log line each."""

from __future__ import annotations

from collections.abc import Callable

from larder.access.rules import AccessRules
from larder.groups.api import requests as of_groups
from larder.groups.api.annotations import annotation_operations
from larder.groups.api.operations import feature_group_operations
from larder.groups.metadata import FeatureCatalog
from larder.models.api import control_requests as of_models
from larder.models.api.control_operations import model_operations, tag_operations
from larder.models.api.control_shapes import REQUESTS as MODEL_REQUESTS
from larder.models.api.model_search import search_operations
from larder.models.catalog import ModelCatalog
from larder.telemetry.log import Log
from larder.transforms.api import requests as of_transforms
from larder.transforms.api.operations import job_tag_operations, transform_operations
from larder.transforms.api.shapes import REQUESTS as TRANSFORM_REQUESTS
from larder.transforms.manage_jobs import TransformJobs
from larder.wire.access_log import Handler, api_handler
from larder.wire.errors import Response, control_error
from larder.wire.http import Request
from larder.wire.json_rpc import JsonRpcApi, Members, Operation

_LOG = Log({"Function": "control"})


def create_handler(
    catalog: FeatureCatalog,
    rules: AccessRules | None = None,
    forward: Callable[[Request], Response] | None = None,
    models: ModelCatalog | None = None,
    transforms: TransformJobs | None = None,
) -> Handler:
    """The Lambda handler over a control plane; tests pass one with stores in memory.

    Without ``models`` there are feature groups alone, without ``transforms`` no transform jobs.
    Without ``rules``, groups without grants are open and the root user alone may do all.
    """
    known = rules or AccessRules(catalog.groups.platform.home)

    def operations(caller: str | None) -> dict[str, Operation]:
        access = known.access_of(caller)
        theirs = catalog.of_caller(access)
        annotations = annotation_operations(theirs)
        served = {**feature_group_operations(theirs.groups), **annotations}
        if models is not None:
            own = models.of_caller(access)
            served |= {**model_operations(own), **tag_operations(own, annotations)}
            served |= search_operations(own, annotations["Search"])
        if transforms is not None:
            jobs = transforms.of_caller(access)
            served |= {**transform_operations(jobs), **job_tag_operations(jobs, served)}
        return served

    api = JsonRpcApi(operations, _checked, forward)
    return api_handler(api.handle, control_error, log=_LOG)


def _checked(operation: str, members: Members) -> Members:
    if operation in TRANSFORM_REQUESTS:
        return of_transforms.checked(operation, members)
    known = of_models.checked if operation in MODEL_REQUESTS else of_groups.checked
    return known(operation, members)
