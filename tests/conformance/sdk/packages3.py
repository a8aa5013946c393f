"""The SageMaker SDK, version 3 (sagemaker-core): versions of a model, found and approved.

``ModelPackage.create`` and ``delete`` use a name that a version lacks (sagemaker-core 2.27), so
versions are made and deleted by boto3.
"""

import boto3
from sagemaker.core.resources import ModelPackage, ModelPackageGroup

from tests.conformance.sdk.story import settings, tell


class Context:
    def __init__(self, told):
        self.told = told
        self.name = told["name"]
        self.sm = boto3.client("sagemaker")
        self.arns = []


def create_group(c):
    group = ModelPackageGroup.create(
        model_package_group_name=c.name, model_package_group_description="by the SDK"
    )
    return group.model_package_group_name, group.model_package_group_status


def get_all(c):
    for _ in range(2):
        made = c.sm.create_model_package(ModelPackageGroupName=c.name)
        c.arns.append(made["ModelPackageArn"])
    found = ModelPackage.get_all(model_package_group_name=c.name)
    return sorted(each.model_package_arn for each in found) == sorted(c.arns)


def get(c):
    package = ModelPackage.get(model_package_name=c.arns[0])
    return package.model_package_version, package.model_approval_status


def update(c):
    package = ModelPackage.get(model_package_name=c.arns[0])
    package.update(model_approval_status="Approved", approval_description="by the SDK")
    package.refresh()
    return package.model_approval_status, package.approval_description


def delete(c):
    for arn in c.arns:
        c.sm.delete_model_package(ModelPackageName=arn)
    ModelPackageGroup.get(model_package_group_name=c.name).delete()
    found = ModelPackageGroup.get_all(name_contains=c.name)
    return [each.model_package_group_name for each in found]


STEPS = [create_group, get_all, get, update, delete]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
