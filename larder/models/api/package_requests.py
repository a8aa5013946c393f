"""Requests on model packages and their groups: SageMaker's members to the core's values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import orjson

from larder.errors import ValidationError
from larder.groups.api.requests import tag_pairs
from larder.models.api.containers import source_of, source_problems
from larder.models.lists import ItemCriteria
from larder.models.manage_package_groups import GroupSpec
from larder.models.package_items import Approval, ModelPackage
from larder.models.package_specs import PackageSpec, PackageUpdate, Specified
from larder.models.registry_items import Item
from larder.problems import Path, Problem, refuse, shown
from larder.wire.json_rpc import Members

_APART: Final = frozenset(
    {
        *("ModelPackageName", "ModelPackageGroupName", "ModelPackageArn", "Tags", "ClientToken"),
        *("ModelApprovalStatus", "ApprovalDescription", "ModelLifeCycle"),
        *("CustomerMetadataProperties", "CustomerMetadataPropertiesToRemove"),
        "AdditionalInferenceSpecificationsToAdd",
    }
)
"""Members that a package keeps by themselves, or not at all; it keeps others as they were sent."""


def group_spec(members: Members) -> GroupSpec:
    """CreateModelPackageGroup's request."""
    name = "ModelPackageGroupDescription"
    return GroupSpec(
        name=members["ModelPackageGroupName"],
        sent={name: members[name]} if name in members else {},
        tags=tag_pairs(members.get("Tags", [])),
    )


def package_spec(members: Members, group: str) -> PackageSpec:
    """CreateModelPackage's request; ``group`` is the name in its ModelPackageGroupName, or empty.

    Raises:
        ValidationError: it has both names or none, not exactly one container, or a container
            without image or artefact.
    """
    name = members.get("ModelPackageName", "")
    if name and group:
        raise ValidationError(
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot "
            "determine which one to use."
        )
    if not name and not group:
        raise ValidationError("Missing ARN. Give a ModelPackageGroupName or a ModelPackageName.")
    _refuse_certified(members)
    canonical = orjson.dumps(dict(members), option=orjson.OPT_SORT_KEYS)
    return PackageSpec(
        group=group,
        name=name,
        sent=_sent(members),
        specified=_specified(members),
        approval=_approval(members),
        metadata=members.get("CustomerMetadataProperties", {}),
        lifecycle=members.get("ModelLifeCycle", {}),
        tags=tag_pairs(members.get("Tags", [])),
        token=members.get("ClientToken", ""),
        digest=sha256(canonical).hexdigest(),
    )


def _refuse_certified(members: Members) -> None:
    if members.get("CertifyForMarketplace"):
        text = "Member must be left out or false: Larder has no part in AWS Marketplace"
        refuse([Problem(("CertifyForMarketplace",), text, shown(value=True))])


def package_update(members: Members) -> PackageUpdate:
    """UpdateModelPackage's request.

    A ClientToken changes nothing: to repeat an update is to ask for what is so already.
    """
    return PackageUpdate(
        approval=_approval(members),
        reason=members.get("ApprovalDescription"),
        metadata=members.get("CustomerMetadataProperties", {}),
        removed=tuple(members.get("CustomerMetadataPropertiesToRemove", ())),
        lifecycle=members.get("ModelLifeCycle"),
        sent=_sent(members),
        specified=_specified(members),
        additional=tuple(members.get("AdditionalInferenceSpecificationsToAdd", ())),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCriteria(ItemCriteria):
    """Which packages are asked for; ``versioned`` is ``None`` where both kinds are."""

    approval: str | None = None
    versioned: bool | None = False

    def admits(self, item: Item) -> bool:
        """Whether a package is asked for."""
        if not isinstance(item, ModelPackage) or not ItemCriteria.admits(self, item):
            return False
        return self.approval in (None, item.approval) and (
            self.versioned is None or self.versioned == bool(item.group)
        )


def package_criteria(members: Members) -> PackageCriteria:
    """Which packages ListModelPackages asks for: of no group, unless it names one or the type."""
    default = "Versioned" if "ModelPackageGroupName" in members else "Unversioned"
    kind = members.get("ModelPackageType", default)
    return PackageCriteria(
        name_contains=members.get("NameContains"),
        created_after=members.get("CreationTimeAfter"),
        created_before=members.get("CreationTimeBefore"),
        approval=members.get("ModelApprovalStatus"),
        versioned=None if kind == "Both" else kind == "Versioned",
    )


def _sent(members: Members) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in _APART}


def _approval(members: Members) -> Approval | None:
    given = members.get("ModelApprovalStatus")
    return Approval(given) if given else None


def _specified(members: Members) -> Specified | None:
    specification = members.get("InferenceSpecification")
    if specification is None:
        return None
    containers = specification["Containers"]
    path: Path = ("InferenceSpecification", "Containers")
    if len(containers) != 1:
        text = "Member must have one item: a model is one container here, not a pipeline"
        refuse([Problem(path, text, f"of {len(containers)} items")])
    refuse(_container_problems(containers[0], (*path, 0)))
    return Specified(
        image=containers[0]["Image"],
        source=source_of(containers[0], containers[0].get("ModelDataETag")),
        environment=dict(containers[0].get("Environment", {})),
    )


def _container_problems(container: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if "Image" not in container:
        yield Problem((*path, "Image"), "Member must not be null", "null")
    yield from source_problems(container, path)
