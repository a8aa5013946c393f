"""The model registry: groups, versions, approval, aliases, and models made of packages."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conformance.model_store import IMAGE, SOON, variant
from tests.conformance.refusals import refusal
from tests.conformance.waiting import eventually
from tests.support import boosters

AT_ONCE, COUNT = 16, 50
"""Callers at a time: the local platform runs 24 calls of one function at once."""


def message(call, code="ValidationException", **members):
    """The text of the error of that code that a call must raise."""
    error = refusal(call, **members).response["Error"]
    assert error["Code"] == code, error
    return error["Message"]


def specification(models, data=""):
    """An InferenceSpecification of one booster."""
    container = {"Image": IMAGE, "ModelDataUrl": data or models.archive()}
    return {
        "Containers": [container],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


def make_group(models, **members):
    """A group without versions; its name and its ARN."""
    name = models.names("packages")
    made = models.sm.create_model_package_group(ModelPackageGroupName=name, **members)
    return name, made["ModelPackageGroupArn"]


@pytest.fixture
def packages(models):
    """A group of the test alone, by its name."""
    return make_group(models)[0]


def register(models, group, **members):
    """A version, without an artefact unless one is given; its ARN."""
    made = models.sm.create_model_package(ModelPackageGroupName=group, **members)
    return made["ModelPackageArn"]


def described(models, arn):
    return models.sm.describe_model_package(ModelPackageName=arn)


def listed(models, **members):
    """ARNs of the listed packages, by name."""
    pages = models.sm.get_paginator("list_model_packages").paginate(
        SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}, **members
    )
    return [each["ModelPackageArn"] for page in pages for each in page["ModelPackageSummaryList"]]


def deploy(models, package):
    """CreateModel of a package alone, as SDK v2's ``ModelPackage.deploy`` asks; its name."""
    name = models.names("packaged")
    models.sm.create_model(
        ModelName=name,
        Containers=[{"ModelPackageName": package}],
        ExecutionRoleArn=models.store.role,
    )
    return name


def test_row_282_a_group_is_made_described_listed_and_deleted(models):
    name, arn = make_group(models, ModelPackageGroupDescription="for a test")
    assert arn == f"{models.prefix('model-package-group')}{name}"
    for given in (name, arn):
        found = models.sm.describe_model_package_group(ModelPackageGroupName=given)
        assert found["ModelPackageGroupName"] == name
        assert found["ModelPackageGroupStatus"] == "Completed"
        assert found["ModelPackageGroupDescription"] == "for a test"
    again = message(models.sm.create_model_package_group, ModelPackageGroupName=name)
    assert "Model Package Group already exists" in again
    (summary,) = models.sm.list_model_package_groups(NameContains=name)[
        "ModelPackageGroupSummaryList"
    ]
    assert summary["ModelPackageGroupArn"] == arn
    version = register(models, name)
    delete = models.sm.delete_model_package_group
    assert message(delete, "ConflictException", ModelPackageGroupName=name)
    models.sm.delete_model_package(ModelPackageName=version)
    delete(ModelPackageGroupName=name)
    absent = message(models.sm.describe_model_package_group, ModelPackageGroupName=name)
    assert "does not exist" in absent


def test_row_283_versions_made_at_once_are_distinct_and_none_is_given_again(models, packages):
    client = boto3.client("sagemaker", config=Config(max_pool_connections=AT_ONCE))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = list(
            pool.map(
                lambda _: client.create_model_package(ModelPackageGroupName=packages),
                range(COUNT),
            )
        )
    client.close()
    versions = {int(each["ModelPackageArn"].rpartition("/")[2]) for each in made}
    assert len(versions) == COUNT
    newest = f"{models.prefix('model-package')}{packages}/{max(versions)}"
    models.sm.delete_model_package(ModelPackageName=newest)
    assert int(register(models, packages).rpartition("/")[2]) > max(versions)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"ModelPackageGroupName": "g", "ModelPackageName": "p"}, "Both ModelPackageName and"),
        ({}, "Missing ARN."),
        ({"ModelPackageGroupName": "no-such-group"}, "Model Package Group does not exist."),
    ],
    ids=["both", "neither", "unknown"],
)
def test_row_284_a_package_is_of_a_group_or_has_a_name(models, members, words):
    assert words in message(models.sm.create_model_package, **members)


def test_row_284_a_package_of_no_group_has_a_name(models):
    name = models.names("unversioned")
    request = {"ModelPackageName": name, "InferenceSpecification": specification(models)}
    arn = models.sm.create_model_package(**request)["ModelPackageArn"]
    found = described(models, arn)
    assert (found["ModelPackageName"], found["ModelPackageStatus"]) == (name, "Completed")
    assert "ModelPackage already exists" in message(models.sm.create_model_package, **request)
    models.sm.delete_model_package(ModelPackageName=name)


def test_row_285_a_version_has_a_number_and_no_name(models, packages):
    arn = register(models, packages)
    (summary,) = models.sm.list_model_packages(ModelPackageGroupName=packages)[
        "ModelPackageSummaryList"
    ]
    assert (summary["ModelPackageArn"], summary["ModelPackageVersion"]) == (arn, 1)
    assert "ModelPackageName" not in summary
    assert "ModelPackageName" not in described(models, arn)


def test_row_286_a_version_is_approved_and_rejected_with_words(models, packages):
    arn = register(models, packages)
    waiting = described(models, arn)
    assert waiting["ModelApprovalStatus"] == "PendingManualApproval"
    assert waiting["CreatedBy"]["IamIdentity"]["Arn"]
    for status in ("Approved", "Rejected"):
        models.sm.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=f"is {status}"
        )
        found = described(models, arn)
        assert found["ModelApprovalStatus"] == status
        assert found["ApprovalDescription"] == f"is {status}"
        assert found["LastModifiedTime"] > waiting["CreationTime"]
        assert found["LastModifiedBy"]["IamIdentity"]["Arn"]


def test_row_287_metadata_are_merged_removed_and_bounded(models, packages):
    arn = register(models, packages, CustomerMetadataProperties={"a": "1", "b": "2"})

    def update(**members):
        models.sm.update_model_package(ModelPackageArn=arn, **members)

    update(
        CustomerMetadataProperties={"b": "3", "c": "4"},
        CustomerMetadataPropertiesToRemove=["a"],
    )
    assert described(models, arn)["CustomerMetadataProperties"] == {"b": "3", "c": "4"}
    with pytest.raises(ClientError, match="50"):
        update(CustomerMetadataProperties={f"k{place}": "v" for place in range(49)})
    with pytest.raises(ClientError, match="regular expression"):
        update(CustomerMetadataProperties={"json": '{"a": 1}'})
    assert described(models, arn)["CustomerMetadataProperties"] == {"b": "3", "c": "4"}


def test_row_289_only_an_approved_package_is_deployed(models, packages):
    arn = register(models, packages, InferenceSpecification=specification(models))
    create = models.sm.create_model
    request = {"Containers": [{"ModelPackageName": arn}], "ExecutionRoleArn": models.store.role}
    for status in ("PendingManualApproval", "Rejected"):
        models.sm.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)
        text = message(create, ModelName=models.names("unapproved"), **request)
        assert "not approved" in text
    models.sm.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    endpoint = models.serve(variant(deploy(models, arn)))
    assert models.scores(endpoint)
    assert endpoint in message(
        models.sm.delete_model_package, "ConflictException", ModelPackageName=arn
    )


def test_row_291_a_life_cycle_is_set_and_searched_for(models, packages):
    first, second = register(models, packages), register(models, packages)
    stage = {"Stage": "Prod", "StageStatus": "Live"}
    models.sm.update_model_package(ModelPackageArn=second, ModelLifeCycle=stage)
    assert described(models, second)["ModelLifeCycle"] == stage
    filters = [
        {"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": packages},
        {"Name": "ModelLifeCycle.Stage", "Operator": "Equals", "Value": "Prod"},
    ]
    found = models.sm.search(Resource="ModelPackage", SearchExpression={"Filters": filters})
    arns = [each["ModelPackage"]["ModelPackageArn"] for each in found["Results"]]
    assert arns == [second]
    assert first not in arns


def test_row_291_of_fifty_who_move_an_alias_one_wins(models):
    group, arn = make_group(models)
    register(models, group)
    register(models, group)
    key = "larder:alias:champion"
    models.sm.add_tags(ResourceArn=arn, Tags=[{"Key": key, "Value": "1 from none"}])
    client = boto3.client("sagemaker", config=Config(max_pool_connections=AT_ONCE))

    def move(racer):
        tag = {"Key": key, "Value": f"2 from 1: racer {racer}"}
        try:
            client.add_tags(ResourceArn=arn, Tags=[tag])
        except ClientError as error:
            return error.response["Error"]["Code"]
        return racer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(move, range(COUNT)))
    client.close()
    winners = [each for each in outcomes if isinstance(each, int)]
    assert len(winners) == 1, outcomes
    (tag,) = models.sm.list_tags(ResourceArn=arn)["Tags"]
    assert tag == {"Key": key, "Value": f"2: racer {winners[0]}"}


def test_row_293_what_was_registered_does_not_change(models, packages):
    given = specification(models)
    arn = register(models, packages, InferenceSpecification=given)
    update = models.sm.update_model_package
    text = message(update, ModelPackageArn=arn, InferenceSpecification=specification(models))
    assert "never changes" in text
    models.s3.put_object(
        Bucket=models.bucket,
        Key=given["Containers"][0]["ModelDataUrl"].partition(f"{models.bucket}/")[2],
        Body=b"something else",
    )
    update(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    endpoint = models.serve(variant(deploy(models, arn)))
    assert models.scores(endpoint)


def test_row_293_bytes_of_another_digest_are_not_loaded(models):
    data = boosters.ubj(rounds=5, seed=int.from_bytes(models.names("x").encode()) % 10_007)
    made = models.model(models.archive(("xgboost-model", data)))
    key = f"models/{hashlib.sha256(data).hexdigest()}"
    models.s3.put_object(Bucket=models.bucket, Key=key, Body=boosters.ubj())
    endpoint = models.start(variant(made))
    found = eventually(
        lambda: (
            (each := models.sm.describe_endpoint(EndpointName=endpoint))["EndpointStatus"]
            != "Creating"
            and each
        ),
        seconds=SOON["Delay"] * SOON["MaxAttempts"],
    )
    assert found["EndpointStatus"] == "Failed"
    assert "SHA-256" in found["FailureReason"]


def test_row_294_packages_are_described_together_and_listed_by_filters(models, packages):
    first, second = register(models, packages), register(models, packages)
    models.sm.update_model_package(ModelPackageArn=first, ModelApprovalStatus="Approved")
    absent = first.rpartition("/")[0] + "/99"
    found = models.sm.batch_describe_model_package(ModelPackageArnList=[first, second, absent])
    assert set(found["ModelPackageSummaries"]) == {first, second}
    assert set(found["BatchDescribeModelPackageErrorMap"]) == {absent}
    assert listed(models, ModelPackageGroupName=packages) == [first, second]
    of_status = {"ModelPackageGroupName": packages, "ModelApprovalStatus": "Approved"}
    assert listed(models, **of_status) == [first]
    assert listed(models, ModelPackageGroupName=packages, ModelPackageType="Unversioned") == []
    both = listed(models, ModelPackageType="Both", NameContains=packages)
    assert both == [first, second]


def test_row_295_a_policy_is_kept_and_shown(models, packages):
    sm, name = models.sm, {"ModelPackageGroupName": packages}
    sm.put_model_package_group_policy(ResourcePolicy='{"Version": "2012-10-17"}', **name)
    found = sm.get_model_package_group_policy(**name)
    assert found["ResourcePolicy"] == '{"Version": "2012-10-17"}'
    sm.delete_model_package_group_policy(**name)
    assert message(sm.get_model_package_group_policy, **name)
