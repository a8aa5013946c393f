"""Search over models, endpoints, model packages and their groups.

All items of the kind are read for a page, as for lists. The SageMaker SDK's ``register`` asks for
the group of a package so, before it makes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from larder.access.grants import Right
from larder.groups.api.answers import tag_list
from larder.groups.api.search import read_query, search_answer
from larder.groups.api.search_values import GROUP, METADATA, Record, Searchable
from larder.models.api import control_answers, package_answers
from larder.models.catalog import ModelCatalog
from larder.models.registry_items import Item, Kind
from larder.wire.json_rpc import Answer, Members, Operation

_TIMES: Final = ("CreationTime", "LastModifiedTime")
_APPROVAL: Final = ("ModelApprovalStatus", "ModelPackageStatus", "ApprovalDescription")


@dataclass(frozen=True, slots=True)
class _Resource:
    kind: Kind
    described: Callable[[Any, str], dict[str, Any]]
    words: Searchable


def _model(name: str) -> tuple[str, ...]:
    return (f"{name}Name", f"{name}Arn", *_TIMES)


_RESOURCES: Final = {
    each.words.name: each
    for each in (
        _Resource(
            Kind.MODEL,
            control_answers.described_model,
            Searchable(
                "Model",
                (*_model("Model"), "ExecutionRoleArn", "PrimaryContainer.Image"),
                ("ModelName",),
            ),
        ),
        _Resource(
            Kind.ENDPOINT,
            control_answers.described_endpoint,
            Searchable(
                "Endpoint",
                (*_model("Endpoint"), "EndpointConfigName", "EndpointStatus", "FailureReason"),
                ("EndpointName",),
            ),
        ),
        _Resource(
            Kind.PACKAGE_GROUP,
            package_answers.described_group,
            Searchable(
                "ModelPackageGroup",
                (
                    *_model("ModelPackageGroup"),
                    *("ModelPackageGroupDescription", "ModelPackageGroupStatus"),
                    "CreatedBy.IamIdentity.Arn",
                ),
                ("ModelPackageGroupName",),
            ),
        ),
        _Resource(
            Kind.PACKAGE,
            package_answers.described_package,
            Searchable(
                "ModelPackage",
                (
                    *_model("ModelPackage"),
                    *("ModelPackageGroupName", "ModelPackageVersion", "ModelPackageDescription"),
                    *_APPROVAL,
                    *("ModelLifeCycle.Stage", "ModelLifeCycle.StageStatus", "SourceUri"),
                    *("ModelLifeCycle.StageDescription", "ModelPackageRegistrationType"),
                    *("CreatedBy.IamIdentity.Arn", "LastModifiedBy.IamIdentity.Arn"),
                    *("Domain", "Task", "InferenceSpecification.Containers.Image"),
                ),
                ("ModelPackageArn",),
            ),
        ),
    )
}


def search_operations(catalog: ModelCatalog, others: Operation) -> dict[str, Operation]:
    """Search for items of the catalog; ``others`` searches the rest."""

    def search(members: Members) -> Answer:
        resource = _RESOURCES.get(members["Resource"])
        if resource is None and members["Resource"] in (GROUP.name, METADATA.name):
            return others(members)
        known = (GROUP, METADATA, *(each.words for each in _RESOURCES.values()))
        query = read_query(dict(members), known)
        if resource is None:
            raise ValueError(f"{query.resource.name}: not a resource of the catalog")
        page = query.page(_records(catalog, resource))
        return search_answer(page, lambda record: _result(resource, record))

    return {"Search": search}


def _records(catalog: ModelCatalog, resource: _Resource) -> Iterator[Record]:
    items = catalog.items_of(resource.kind)
    found: Iterator[Item] = items.items.list()
    for item in found:
        if catalog.access.may(Right.SEE, item):
            tags = tag_list(item.tags)
            described = resource.described(item, items.arn(item.name))
            yield {**described, "Tags": tags} if tags else described


def _result(resource: _Resource, record: Record) -> dict[str, Any]:
    """A result; of a model, it is what SageMaker's dashboard shows."""
    shown = {"Model": record} if resource.kind is Kind.MODEL else record
    return {resource.words.name: shown}
