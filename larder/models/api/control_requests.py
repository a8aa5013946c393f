"""Requests on models and endpoints: SageMaker's members to the core's values.

``checked`` refuses whatever the shapes do not allow; the readers rely on that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from larder.errors import ValidationError
from larder.groups.api.requests import tag_pairs
from larder.groups.listing import Ask, Order
from larder.models.api.containers import source_of, source_problems
from larder.models.api.control_shapes import REQUESTS
from larder.models.lists import ItemCriteria, ItemOrder
from larder.models.manage_endpoint_configs import ConfigSpec
from larder.models.manage_endpoints import EndpointSpec, EndpointUpdate
from larder.models.manage_models import ModelSpec
from larder.models.registry_items import Sent, VariantSpec
from larder.models.weights import Capacity, Retained
from larder.problems import Path, Problem, refuse, shown
from larder.wire.json_rpc import Members
from larder.wire.shapes import Struct, problems

_PAGE_SIZE = 100
_ENDPOINTS_PAGE_SIZE = 10
"""SageMaker's default of ListEndpoints; the other lists state none."""
_DEFAULT_WEIGHT = 1.0
_MEGABYTES = 1024


def checked_by(requests: Mapping[str, Struct], operation: str, members: Members) -> Members:
    """The members, as the operation's shape allows them; ``null`` members are gone at any depth.

    Raises:
        ValidationError: naming every member that breaks a constraint.
    """
    refuse(problems(requests[operation], dict(members)))
    return {name: _without_nulls(value) for name, value in members.items() if value is not None}


checked = partial(checked_by, REQUESTS)
"""The members of an operation on models; see ``checked_by``."""


def model_spec(members: Members) -> ModelSpec:
    """CreateModel's request.

    Raises:
        ValidationError: it has not exactly one container, or that has neither an image with an
            artefact nor a package alone.
    """
    path, container = _container(members)
    refuse(_container_problems(container, path))
    package = container.get("ModelPackageName", "")
    return ModelSpec(
        name=members["ModelName"],
        image=container.get("Image", ""),
        source=None if package else source_of(container),
        package=package,
        sent=_sent(members, "ModelName"),
        environment=dict(container.get("Environment", {})),
        tags=tag_pairs(members.get("Tags", [])),
    )


def config_spec(members: Members) -> ConfigSpec:
    """CreateEndpointConfig's request.

    Raises:
        ValidationError: a variant lacks its model or what it runs on, or asks for what there isn't.
    """
    lists = ("ProductionVariants", "ShadowProductionVariants")
    refuse(
        problem
        for name in lists
        for place, each in enumerate(members.get(name, []))
        for problem in _variant_problems(each, (name, place))
    )
    variants, shadows = ([_variant(each) for each in members.get(name, [])] for name in lists)
    sent = _sent(members, "EndpointConfigName")
    return ConfigSpec(
        name=members["EndpointConfigName"],
        variants=tuple(variants),
        shadows=tuple(shadows),
        sent={**sent, **{name: _weighted(members[name]) for name in lists if name in members}},
        kms_key=members.get("KmsKeyId"),
        tags=tag_pairs(members.get("Tags", [])),
    )


def endpoint_spec(members: Members) -> EndpointSpec:
    """CreateEndpoint's request."""
    return EndpointSpec(
        name=members["EndpointName"],
        config=members["EndpointConfigName"],
        deployment=members.get("DeploymentConfig") or {},
        tags=tag_pairs(members.get("Tags", [])),
    )


def endpoint_update(members: Members) -> EndpointUpdate:
    """UpdateEndpoint's request.

    Raises:
        ValidationError: it both gives and retains a DeploymentConfig.
    """
    deployment: Sent | None = members.get("DeploymentConfig")
    if members.get("RetainDeploymentConfig"):
        if deployment is not None:
            raise ValidationError(
                "RetainDeploymentConfig keeps the endpoint's DeploymentConfig: leave out the one "
                "that is given, or RetainDeploymentConfig."
            )
    elif deployment is None:
        deployment = {}
    retained = Retained.NOTHING
    if members.get("RetainAllVariantProperties"):
        excluded = {
            each["VariantPropertyType"]
            for each in members.get("ExcludeRetainedVariantProperties", [])
        }
        if "DesiredWeight" not in excluded:
            retained |= Retained.WEIGHTS
        if "DesiredInstanceCount" not in excluded:
            retained |= Retained.COUNTS
        if "DataCaptureConfig" not in excluded:
            retained |= Retained.CAPTURE
    return EndpointUpdate(
        config=members["EndpointConfigName"], retained=retained, deployment=deployment
    )


def capacities(members: Members) -> tuple[Capacity, ...]:
    """UpdateEndpointWeightsAndCapacities' request."""
    return tuple(
        Capacity(
            each["VariantName"],
            each.get("DesiredWeight"),
            each.get("DesiredInstanceCount"),
            each.get("ServerlessUpdateConfig", {}),
        )
        for each in members["DesiredWeightsAndCapacities"]
    )


def list_order(members: Members) -> ItemOrder:
    """The order of a list: by CreationTime where none is named."""
    return ItemOrder(members.get("SortBy", ItemOrder.CREATED))


def list_ask(members: Members, *, of_endpoints: bool = False) -> Ask:
    """The page of a list that is asked for; the newest first where no order is named."""
    descending = members.get("SortOrder", "Descending") == "Descending"
    return Ask(
        order=Order(name=list_order(members), descending=descending),
        size=members.get("MaxResults", _ENDPOINTS_PAGE_SIZE if of_endpoints else _PAGE_SIZE),
        token=members.get("NextToken"),
    )


def list_criteria(members: Members) -> ItemCriteria:
    """Which items of a list are asked for."""
    return ItemCriteria(
        name_contains=members.get("NameContains"),
        status=members.get("StatusEquals"),
        created_after=members.get("CreationTimeAfter"),
        created_before=members.get("CreationTimeBefore"),
        modified_after=members.get("LastModifiedTimeAfter"),
        modified_before=members.get("LastModifiedTimeBefore"),
    )


def _container(members: Members) -> tuple[Path, Mapping[str, Any]]:
    primary, several = members.get("PrimaryContainer"), members.get("Containers", [])
    if primary is not None and not several:
        return ("PrimaryContainer",), primary
    if primary is None and len(several) == 1:
        return ("Containers", 0), several[0]
    given = f"{'a' if primary is not None else 'no'} PrimaryContainer and {len(several)} Containers"
    raise ValidationError(
        f"A model is one container here, not a pipeline: give a PrimaryContainer or exactly one of "
        f"Containers, not {given}."
    )


def _container_problems(container: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if container.get("Mode") == "MultiModel":
        text = "Member must be SingleModel: create one model for each artefact, as variants"
        yield Problem((*path, "Mode"), text, shown("MultiModel"))
    if "ModelPackageName" in container:
        yield from _package_problems(container, path)
        return
    if "Image" not in container:
        yield Problem((*path, "Image"), "Member must not be null", "null")
    yield from source_problems(container, path)


def _package_problems(container: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    for name in ("Image", "ModelDataUrl", "ModelDataSource"):
        if name in container:
            text = "Member must be left out beside ModelPackageName: the package has it"
            yield Problem((*path, name), text, shown(container[name]))


def _variant(members: Members) -> VariantSpec:
    return VariantSpec(
        name=members["VariantName"],
        model=members["ModelName"],
        weight=float(members.get("InitialVariantWeight", _DEFAULT_WEIGHT)),
        count=members.get("InitialInstanceCount"),
        serverless=members.get("ServerlessConfig", {}),
    )


def _weighted(variants: list[Members]) -> list[Members]:
    return [{"InitialVariantWeight": _DEFAULT_WEIGHT, **each} for each in variants]


def _variant_problems(variant: Members, path: Path) -> Iterator[Problem]:
    if "ModelName" not in variant:
        text = "Member must not be null: Larder has no inference components"
        yield Problem((*path, "ModelName"), text, "null")
    if variant.get("EnableSSMAccess"):
        text = "Member must be left out or false: an endpoint of Larder's has no machines"
        yield Problem((*path, "EnableSSMAccess"), text, shown(value=True))
    machines = [name for name in ("InstanceType", "InitialInstanceCount") if name in variant]
    serverless = variant.get("ServerlessConfig")
    if bool(serverless) == bool(machines) or len(machines) == 1:
        text = (
            "Member must be given with InitialInstanceCount, or ServerlessConfig instead of both: "
            "SageMaker asks for one of the two"
        )
        yield Problem((*path, "InstanceType"), text, shown(variant.get("InstanceType")))
    if serverless and serverless["MemorySizeInMB"] % _MEGABYTES:
        text = "Member must satisfy enum value set: [1024, 2048, 3072, 4096, 5120, 6144]"
        where = (*path, "ServerlessConfig", "MemorySizeInMB")
        yield Problem(where, text, shown(serverless["MemorySizeInMB"]))


def _sent(members: Members, *left_out: str) -> Sent:
    names = (*left_out, "Tags")
    return {name: value for name, value in members.items() if name not in names}


def _without_nulls(value: object) -> object:
    """A value of JSON without members that are ``null``, at any depth."""
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value
