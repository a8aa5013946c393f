"""A model package's life on the deployed platform, by boto3's own clients."""

from typing import Any

import pytest

from tests.e2e.conftest import DeployedPlatform
from tests.e2e.test_models import IMAGE, ROWS, Models, heard, models, name, refusal
from tests.support import boosters
from tests.support.deadlines import eventually

__all__ = ["models", "name"]
pytestmark = pytest.mark.e2e


def _specification(data: str) -> dict[str, Any]:
    return {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": data}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


def _deploy(models: Models, name: str, package: str) -> None:
    """As SDK v2's ``ModelPackage.deploy`` creates a model."""
    models.control.create_model(
        ModelName=name,
        Containers=[{"ModelPackageName": package}],
        ExecutionRoleArn="arn:aws:iam::000000000000:role/sagemaker",
    )


def test_a_package_is_registered_approved_deployed_and_invoked(
    platform: DeployedPlatform, models: Models, name: str
) -> None:
    """Rows 83, 86, 88, 89 and 90: and what cannot be served is a version that failed."""
    control = models.control
    pattern = {"source": ["larder"], "detail": {"ModelPackageGroupName": [name]}}
    with heard(platform, pattern) as so_far:
        group = control.create_model_package_group(ModelPackageGroupName=name)
        data = models.upload(name, ("xgboost-model", boosters.ubj()))
        request = {"ModelPackageGroupName": name, "InferenceSpecification": _specification(data)}
        package = control.create_model_package(**request, ClientToken=name)["ModelPackageArn"]
        assert package.endswith(f":model-package/{name}/1")
        assert (
            control.create_model_package(**request, ClientToken=name)["ModelPackageArn"] == package
        )
        described = control.describe_model_package(ModelPackageName=package)
        states = [described[each] for each in ("ModelPackageStatus", "ModelApprovalStatus")]
        assert states == ["Completed", "PendingManualApproval"]
        assert described["CreatedBy"]["IamIdentity"]["Arn"].startswith("arn:aws:iam::")

        code, text = refusal(_deploy, models=models, name=name, package=package)
        assert (code, "is not approved" in text) == ("ValidationException", True)
        control.update_model_package(
            ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="good"
        )
        wanted = {"PendingManualApproval", "Approved"}
        eventually(lambda: {each["ModelApprovalStatus"] for each in so_far()} >= wanted)

    models.s3.delete_object(Bucket=models.bucket, Key=f"model-data/{name}/model.tar.gz")
    _deploy(models, name, package)
    models.endpoint(name, (name, 1.0))
    assert models.csv(name, ROWS[:20]) == boosters.predict(boosters.booster(), ROWS[:20])
    code, text = refusal(control.delete_model_package, ModelPackageName=package)
    assert (code, name in text) == ("ConflictException", True)

    tag = {"Key": "larder:alias:champion", "Value": "1 from none: it won"}
    control.add_tags(ResourceArn=group["ModelPackageGroupArn"], Tags=[tag])
    found = control.search(
        Resource="ModelPackageGroup",
        SearchExpression={"Filters": [{"Name": "ModelPackageGroupName", "Value": name}]},
    )
    assert [each["ModelPackageGroup"]["Tags"] for each in found["Results"]] == [
        [{"Key": "larder:alias:champion", "Value": "1: it won"}]
    ]
    control.delete_endpoint(EndpointName=name)

    gone = control.create_model_package(**request)["ModelPackageArn"]
    described = control.describe_model_package(ModelPackageName=gone)
    assert (gone[-2:], described["ModelPackageStatus"]) == ("/2", "Failed")
    (status,) = described["ModelPackageStatusDetails"]["ValidationStatuses"]
    assert "does not exist" in status["FailureReason"]
    control.delete_model_package(ModelPackageName=gone)
    assert control.create_model_package(**request)["ModelPackageArn"].endswith("/3")
