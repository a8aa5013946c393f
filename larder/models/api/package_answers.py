"""The control plane's answers on model packages and their groups.

A version has no ModelPackageName: with its group's name there, sagemaker-core takes it for a
package of no group (sagemaker-python-sdk#5606: AWS omits it).
"""

from __future__ import annotations

from typing import Any

from larder.groups.api.answers import present, seconds
from larder.models.package_items import ModelPackage, PackageGroup

Members = dict[str, Any]
_CARD = "ModelCard"


def described_group(group: PackageGroup, arn: str) -> Members:
    """DescribeModelPackageGroup's answer."""
    return summarized_group(group, arn) | {"CreatedBy": _person(group.created_by)}


def summarized_group(group: PackageGroup, arn: str) -> Members:
    """A group as ListModelPackageGroups answers it."""
    return {
        "ModelPackageGroupName": group.name,
        "ModelPackageGroupArn": arn,
        **group.sent,
        "CreationTime": seconds(group.created),
        "ModelPackageGroupStatus": group.status,
    }


def summarized_package(package: ModelPackage, arn: str) -> Members:
    """A package as ListModelPackages answers it."""
    return present(
        {
            **_named(package, arn),
            "ModelPackageDescription": package.sent.get("ModelPackageDescription"),
            "ModelLifeCycle": dict(package.lifecycle) or None,
            "ModelPackageRegistrationType": package.sent.get("ModelPackageRegistrationType"),
        }
    )


def batch_described_package(package: ModelPackage, arn: str) -> Members:
    """A package as BatchDescribeModelPackage answers it."""
    given = package.sent.get("InferenceSpecification")
    members = summarized_package(package, arn) | {"InferenceSpecification": given}
    return present({**members, "ModelLifeCycle": None, "ModelPackageName": None})


def described_package(package: ModelPackage, arn: str, *, card: bool = True) -> Members:
    """DescribeModelPackage's answer; without ``card`` the content of the model card is left out."""
    sent = dict(package.sent)
    if not card and isinstance(shown := sent.get(_CARD), dict):
        sent[_CARD] = {k: v for k, v in shown.items() if k != "ModelCardContent"}
    changed = package.changed != package.created
    return present(
        {
            **sent,
            **_named(package, arn),
            "ModelPackageStatusDetails": _details(package),
            "CertifyForMarketplace": False,
            "CreatedBy": _person(package.created_by),
            "LastModifiedTime": seconds(package.changed) if changed else None,
            "LastModifiedBy": _person(package.changed_by) if changed else None,
            "ApprovalDescription": package.reason,
            "CustomerMetadataProperties": dict(package.metadata) or None,
            "ModelLifeCycle": dict(package.lifecycle) or None,
        }
    )


def _named(package: ModelPackage, arn: str) -> Members:
    versioned = bool(package.group)
    return {
        "ModelPackageName": None if versioned else package.name,
        "ModelPackageGroupName": package.group or None,
        "ModelPackageVersion": package.version if versioned else None,
        "ModelPackageArn": arn,
        "CreationTime": seconds(package.created),
        "ModelPackageStatus": package.status,
        "ModelApprovalStatus": package.approval.value if package.approval else None,
    }


def _details(package: ModelPackage) -> Members:
    failed = {"Name": "import", "Status": "Failed", "FailureReason": package.failure}
    return {
        "ValidationStatuses": [failed] if package.failure is not None else [],
        "ImageScanStatuses": [],
    }


def _person(arn: str) -> Members:
    return {"IamIdentity": {"Arn": arn}}
