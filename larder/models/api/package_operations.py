"""The control plane's operations on model packages and their groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from larder.errors import AccessForbidden, LarderError, ValidationError
from larder.groups.api.answers import present
from larder.models.api import package_answers as answer
from larder.models.api import package_requests as read
from larder.models.api.control_requests import list_ask, list_criteria, list_order
from larder.models.catalog import ModelCatalog
from larder.models.manage_endpoint_configs import key_problems
from larder.models.names import name_or_arn
from larder.models.package_items import ModelPackage
from larder.models.registry_items import Kind
from larder.problems import refuse
from larder.wire.json_rpc import Answer, Members, Operation


def package_operations(catalog: ModelCatalog) -> dict[str, Operation]:
    """The operations on model packages and their groups, by SageMaker's names."""
    groups, packages = _GroupOperations(catalog), _PackageOperations(catalog)
    return {
        "CreateModelPackageGroup": groups.create,
        "DescribeModelPackageGroup": groups.describe,
        "ListModelPackageGroups": groups.list,
        "DeleteModelPackageGroup": groups.delete,
        "PutModelPackageGroupPolicy": groups.put_policy,
        "GetModelPackageGroupPolicy": groups.get_policy,
        "DeleteModelPackageGroupPolicy": groups.delete_policy,
        "CreateModelPackage": packages.create,
        "DescribeModelPackage": packages.describe,
        "ListModelPackages": packages.list,
        "UpdateModelPackage": packages.update,
        "DeleteModelPackage": packages.delete,
        "BatchDescribeModelPackage": packages.batch_describe,
    }


@dataclass(frozen=True, slots=True)
class _GroupOperations:
    catalog: ModelCatalog

    def create(self, members: Members) -> Answer:
        return self._arn(self.catalog.groups.create(read.group_spec(members)).name)

    def describe(self, members: Members) -> Answer:
        items = self.catalog.groups.items
        group = items.get(self._name(members))
        return answer.described_group(group, items.arn(group.name))

    def list(self, members: Members) -> Answer:
        if members.get("CrossAccountFilterOption") == "CrossAccount":
            raise ValidationError(
                "CrossAccountFilterOption: groups of other accounts are not here; leave it out."
            )
        items = self.catalog.groups.items
        page = items.page(list_order(members), list_ask(members), list_criteria(members))
        found = [answer.summarized_group(each, items.arn(each.name)) for each in page.entries]
        return present({"ModelPackageGroupSummaryList": found, "NextToken": page.next_token})

    def delete(self, members: Members) -> Answer:
        self.catalog.groups.delete(self._name(members))
        return None

    def put_policy(self, members: Members) -> Answer:
        policy = members["ResourcePolicy"]
        return self._arn(self.catalog.groups.set_policy(self._name(members), policy).name)

    def get_policy(self, members: Members) -> Answer:
        return {"ResourcePolicy": self.catalog.groups.policy(self._name(members))}

    def delete_policy(self, members: Members) -> Answer:
        self.catalog.groups.set_policy(self._name(members), None)
        return None

    def _name(self, members: Members) -> str:
        given = members["ModelPackageGroupName"]
        return name_or_arn(self.catalog.home, Kind.PACKAGE_GROUP, given)

    def _arn(self, name: str) -> Answer:
        return {"ModelPackageGroupArn": self.catalog.groups.items.arn(name)}


@dataclass(frozen=True, slots=True)
class _PackageOperations:
    catalog: ModelCatalog

    def create(self, members: Members) -> Answer:
        key = members.get("SecurityConfig", {}).get("KmsKeyId")
        refuse(key_problems(self.catalog.kms_key_arn, key, ("SecurityConfig", "KmsKeyId")))
        spec = read.package_spec(members, self._group(members))
        return {"ModelPackageArn": self._arn(self.catalog.packages.create(spec))}

    def describe(self, members: Members) -> Answer:
        package = self._get(members["ModelPackageName"])
        card = members.get("IncludedData") != "MetadataOnly"
        return answer.described_package(package, self._arn(package), card=card)

    def update(self, members: Members) -> Answer:
        name = name_or_arn(self.catalog.home, Kind.PACKAGE, members["ModelPackageArn"])
        package = self.catalog.packages.update(name, read.package_update(members))
        return {"ModelPackageArn": self._arn(package)}

    def delete(self, members: Members) -> Answer:
        given = members["ModelPackageName"]
        self.catalog.packages.delete(name_or_arn(self.catalog.home, Kind.PACKAGE, given))
        return None

    def list(self, members: Members) -> Answer:
        group = self._group(members)
        if group:
            self.catalog.groups.items.get(group)
        page = self.catalog.packages.items.page(
            list_order(members),
            list_ask(members),
            read.package_criteria(members),
            f"{group}/" if group else "",
        )
        found = [answer.summarized_package(each, self._arn(each)) for each in page.entries]
        return present({"ModelPackageSummaryList": found, "NextToken": page.next_token})

    def batch_describe(self, members: Members) -> Answer:
        """Found ones, and an error for each that is not: a bad one does not cost the others."""
        found: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for arn in dict.fromkeys(members["ModelPackageArnList"]):
            try:
                package = self._get(arn)
            except (ValidationError, AccessForbidden) as error:
                errors[arn] = {"ErrorCode": _code(error), "ErrorResponse": str(error)}
            else:
                found[arn] = answer.batch_described_package(package, self._arn(package))
        summaries = {"ModelPackageSummaries": found}
        return {**summaries, "BatchDescribeModelPackageErrorMap": errors} if errors else summaries

    def _get(self, given: str) -> ModelPackage:
        return self.catalog.packages.items.get(name_or_arn(self.catalog.home, Kind.PACKAGE, given))

    def _group(self, members: Members) -> str:
        given = members.get("ModelPackageGroupName")
        return name_or_arn(self.catalog.home, Kind.PACKAGE_GROUP, given) if given else ""

    def _arn(self, package: ModelPackage) -> str:
        return self.catalog.packages.items.arn(package.name)


def _code(error: LarderError) -> str:
    denied = isinstance(error, AccessForbidden)
    return "AccessDeniedException" if denied else "ValidationException"
