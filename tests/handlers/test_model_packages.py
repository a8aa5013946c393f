"""The model registry behind an unmodified boto3 client, on memory and on moto."""

from dataclasses import replace
from functools import partial
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lambdas.control.routes import create_handler
from larder.access.rules import AccessRules
from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ServiceUnavailable, ValidationError
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.import_request import Source
from larder.models.package_items import Approval
from larder.models.package_log import states
from larder.models.package_specs import PackageSpec, Specified
from larder.testing.models import memory_model_registry
from tests.support.control import KEY_ARN, ROLE_ARN, control_plane
from tests.support.groups import HOME
from tests.support.model_registry import (
    ARTEFACT,
    IMAGE,
    model_catalog,
    served_model,
    variant,
)
from tests.support.packages import SPECIFICATION
from tests.support.tables import create_registry_table

PREFIX = "arn:aws:sagemaker:us-east-1:123456789012:"
TESTER = "arn:aws:iam::123456789012:user/tester"
ANN, BOB, EVE = (f"arn:aws:iam::123456789012:role/{name}" for name in ("ann", "bob", "eve"))
ONE = f"{PREFIX}model-package/Churn/1"
VALIDATION = {"ValidationRole": ROLE_ARN, "ValidationProfiles": []}
ALGORITHM = {"SourceAlgorithms": [{"AlgorithmName": "own"}]}
METRICS = {"ModelQuality": {"Statistics": {"ContentType": "a/b", "S3Uri": "s3://lake/m.json"}}}


@pytest.fixture(params=["memory", "dynamodb"])
def registry(request):
    if request.param == "memory":
        yield memory_model_registry()
        return
    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        create_registry_table(dynamodb, "registry")
        yield dynamo_model_registry(BotoDynamo(dynamodb), "registry")


@pytest.fixture
def catalog(registry):
    return model_catalog(registry)


@pytest.fixture
def sm(sagemaker_door, catalog):
    client, served = sagemaker_door
    served["handler"] = create_handler(control_plane(), models=catalog)
    return client


@pytest.fixture
def callers(sagemaker_door, catalog):
    """The client as one caller or another; ``two_persons`` is a stage's choice."""
    client, served = sagemaker_door

    def as_caller(arn, *, two_persons=False):
        rules = AccessRules(HOME, creators=(ANN, BOB))
        own = model_catalog(
            catalog.registry,
            two_persons=two_persons,
            importer=catalog.importer,
            clock=catalog.clock,
            new_uid=catalog.new_uid,
        )
        handler = create_handler(control_plane(), rules, models=own)

        def handle(event, context):
            event["requestContext"]["authorizer"] = {"iam": {"userArn": arn}}
            return handler(event, context)

        served["handler"] = handle
        return client

    return as_caller


def failed(call, code="ValidationException", **members):
    """The text of the error of that code that a call is answered with."""
    with pytest.raises(ClientError) as raised:
        call(**members)
    error = raised.value.response["Error"]
    assert error["Code"] == code, error
    return error["Message"]


def make_group(sm, name="Churn", **members):
    return sm.create_model_package_group(ModelPackageGroupName=name, **members)[
        "ModelPackageGroupArn"
    ]


def register(sm, group="Churn", **members):
    request = {"ModelPackageGroupName": group, "InferenceSpecification": SPECIFICATION} | members
    given = {name: value for name, value in request.items() if value is not None}
    return sm.create_model_package(**given)["ModelPackageArn"]


def approve(sm, arn=ONE, **members):
    return sm.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", **members)


def without(answer, *names):
    return {key: value for key, value in answer.items() if key not in ("ResponseMetadata", *names)}


def listed(sm, **members):
    found = sm.list_model_packages(**members)["ModelPackageSummaryList"]
    return [each["ModelPackageArn"].rpartition("model-package/")[2] for each in found]


# groups


def test_a_group_comes_back_by_name_and_arn_in_its_own_case(sm):
    tags = [{"Key": "team", "Value": "risk"}]
    arn = make_group(sm, ModelPackageGroupDescription="é (2026)", Tags=tags)

    assert arn == f"{PREFIX}model-package-group/Churn"
    for name in ("Churn", "churn", arn):
        answer = sm.describe_model_package_group(ModelPackageGroupName=name)
        assert without(answer, "CreationTime") == {
            "ModelPackageGroupName": "Churn",
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupDescription": "é (2026)",
            "CreatedBy": {"IamIdentity": {"Arn": TESTER}},
            "ModelPackageGroupStatus": "Completed",
        }
    assert sm.list_tags(ResourceArn=arn)["Tags"] == tags
    sm.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert sm.list_tags(ResourceArn=arn)["Tags"] == []
    text = failed(partial(make_group, sm, "CHURN"))
    assert text.startswith("Model Package Group already exists")


def test_groups_are_listed_page_by_page(sm, catalog):
    for name in ("a", "B", "c"):
        catalog.clock.now += 1_000_000
        make_group(sm, name)

    pages = sm.get_paginator("list_model_package_groups").paginate(
        SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 1}
    )
    names = [
        each["ModelPackageGroupName"]
        for page in pages
        for each in page["ModelPackageGroupSummaryList"]
    ]
    assert names == ["a", "B", "c"]
    (found,) = sm.list_model_package_groups(NameContains="b")["ModelPackageGroupSummaryList"]
    assert found["ModelPackageGroupName"] == "B"
    text = failed(sm.list_model_package_groups, CrossAccountFilterOption="CrossAccount")
    assert "other accounts" in text


def test_a_group_is_deleted_only_without_versions(sm):
    make_group(sm)
    register(sm)
    remove = partial(sm.delete_model_package_group, ModelPackageGroupName="Churn")

    assert "has versions, such as 1" in failed(remove, "ConflictException")
    assert register(sm).endswith("/2")  # it takes versions as before
    for version in (1, 2):
        sm.delete_model_package(ModelPackageName=f"Churn/{version}")
    remove()
    text = failed(sm.describe_model_package_group, ModelPackageGroupName="Churn")
    assert text == f"ModelPackageGroup {PREFIX}model-package-group/Churn does not exist."


def test_a_policy_is_stored_and_shown_and_removed(sm):
    arn = make_group(sm)
    name = {"ModelPackageGroupName": "Churn"}
    assert "has no resource policy" in failed(sm.get_model_package_group_policy, **name)

    put = sm.put_model_package_group_policy(ResourcePolicy='{"a": 1}', **name)
    assert put["ModelPackageGroupArn"] == arn
    assert sm.get_model_package_group_policy(**name)["ResourcePolicy"] == '{"a": 1}'
    sm.delete_model_package_group_policy(**name)
    assert "has no resource policy" in failed(sm.get_model_package_group_policy, **name)


# packages


def test_a_version_is_imported_and_comes_back_as_it_was_sent(sm, catalog):
    make_group(sm)
    sent = {
        "ModelPackageDescription": "the first",
        "ModelPackageRegistrationType": "Registered",
        "InferenceSpecification": {
            "Containers": [
                {
                    "Image": IMAGE,
                    "ModelDataUrl": ARTEFACT,
                    "ModelDataETag": '"e"',
                    "Environment": {"A": "1"},
                    "Framework": "XGBOOST",
                }
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
            "SupportedTransformInstanceTypes": ["ml.m5.large"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        "MetadataProperties": {"CommitId": "abc"},
        "ModelMetrics": METRICS,
        "Domain": "MACHINE_LEARNING",
        "Task": "OTHER",
        "SamplePayloadUrl": "s3://lake/sample",
        "SkipModelValidation": "None",
        "SourceUri": "s3://lake/source",
        "SecurityConfig": {"KmsKeyId": KEY_ARN},
        "DriftCheckBaselines": METRICS,
        "ModelCard": {"ModelCardContent": "{}", "ModelCardStatus": "Draft"},
        "CustomerMetadataProperties": {"team": "risk é@x"},
        "ModelLifeCycle": {"Stage": "Dev", "StageStatus": "New", "StageDescription": "so"},
        "AdditionalInferenceSpecifications": [{"Name": "other", **SPECIFICATION}],
    }
    arn = register(sm, **sent)

    assert arn == ONE
    for name in (arn, "Churn/1", "churn/01"):
        answer = sm.describe_model_package(ModelPackageName=name)
        assert without(answer, "CreationTime") == {
            **sent,
            "ModelPackageArn": arn,
            "ModelPackageGroupName": "Churn",
            "ModelPackageVersion": 1,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "ModelApprovalStatus": "PendingManualApproval",
            "CertifyForMarketplace": False,
            "CreatedBy": {"IamIdentity": {"Arn": TESTER}},
        }
    (request,) = catalog.importer.requests
    assert (request.source.uri, request.source.etag) == (ARTEFACT, '"e"')
    assert dict(request.environment) == {"A": "1"}
    bare = sm.describe_model_package(ModelPackageName=arn, IncludedData="MetadataOnly")
    assert bare["ModelCard"] == {"ModelCardStatus": "Draft"}


def test_versions_count_up_and_a_deleted_one_is_not_given_again(sm):
    make_group(sm)
    assert [register(sm)[-2:] for _ in range(2)] == ["/1", "/2"]
    sm.delete_model_package(ModelPackageName="Churn/2")
    assert register(sm).endswith("/3")
    assert register(sm, f"{PREFIX}model-package-group/churn") == f"{PREFIX}model-package/Churn/4"
    text = failed(sm.describe_model_package, ModelPackageName="Churn/2")
    assert text == f"ModelPackage {PREFIX}model-package/Churn/2 does not exist."

    for version in (1, 3, 4):
        sm.delete_model_package(ModelPackageName=f"Churn/{version}")
    sm.delete_model_package_group(ModelPackageGroupName="Churn")
    make_group(sm)
    assert register(sm).endswith("/5")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"ModelPackageName": "p"}, "Both ModelPackageName and ModelPackageGroupName are provided"),
        ({"ModelPackageGroupName": None}, "Missing ARN."),
        ({"ModelPackageGroupName": "no"}, "Model Package Group does not exist."),
        ({"ModelPackageGroupName": f"{PREFIX}model/churn"}, "not the ARN of a model package group"),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "tag the group"),
        ({"CertifyForMarketplace": True}, "AWS Marketplace"),
        ({"SecurityConfig": {"KmsKeyId": "other"}}, KEY_ARN),
        (
            {"InferenceSpecification": {"Containers": SPECIFICATION["Containers"] * 2}},
            "not a pipeline",
        ),
        ({"InferenceSpecification": {"Containers": [{"Image": IMAGE}]}}, "a model is one artefact"),
        ({"InferenceSpecification": {"Containers": [{"ModelDataUrl": ARTEFACT}]}}, ".image'"),
        ({"ValidationSpecification": VALIDATION}, "is its validation"),
        ({"SourceAlgorithmSpecification": ALGORITHM}, "runs no algorithms"),
        ({"CustomerMetadataProperties": {"a": "{}"}}, "regular expression"),
        ({"ModelPackageDescription": "a\nb"}, "regular expression"),
        ({"SourceUri": "a=b"}, "regular expression"),
    ],
)
def test_a_package_that_cannot_be_is_refused_in_words_and_nothing_is_imported(
    sm, catalog, members, words
):
    make_group(sm)
    assert words in failed(partial(register, sm, **members))
    assert catalog.importer.requests == []
    assert listed(sm, ModelPackageType="Both") == []
    assert register(sm).endswith("/1")


@pytest.mark.parametrize(
    "specification",
    [
        SPECIFICATION,
        {"Containers": [{"Image": "x.dkr.ecr/sagemaker-scikit-learn:1", "ModelDataUrl": ARTEFACT}]},
        {
            "Containers": [
                {
                    "Image": IMAGE,
                    "ModelDataUrl": ARTEFACT,
                    "Environment": {"SAGEMAKER_PROGRAM": "a.py"},
                }
            ]
        },
    ],
    ids=["artefact", "image", "code"],
)
def test_an_artefact_that_cannot_be_served_is_a_version_that_failed(sm, catalog, specification):
    catalog.importer.error = ValidationError("model.pkl is a pickle")
    make_group(sm)
    register(sm, InferenceSpecification=specification, ModelApprovalStatus="Approved")

    answer = sm.describe_model_package(ModelPackageName=ONE)
    assert answer["ModelPackageStatus"] == "Failed"
    (status,) = answer["ModelPackageStatusDetails"]["ValidationStatuses"]
    assert (status["Name"], status["Status"]) == ("import", "Failed")
    reason = status["FailureReason"]
    assert any(word in reason for word in ("pickle", "skl2onnx", "SAGEMAKER_PROGRAM"))
    assert reason in failed(partial(deploy, sm))


def test_an_import_that_does_not_end_leaves_nothing(sm, catalog):
    catalog.importer.error = ServiceUnavailable("no answer")
    make_group(sm)
    assert failed(partial(register, sm), "ServiceUnavailable") == "no answer"
    assert listed(sm, ModelPackageGroupName="Churn") == []


def test_a_package_of_no_group_has_a_name_tags_and_no_approval(sm):
    tags = [{"Key": "team", "Value": "risk"}]
    arn = register(sm, None, ModelPackageName="Plain", Tags=tags)

    assert arn == f"{PREFIX}model-package/Plain"
    answer = sm.describe_model_package(ModelPackageName="plain")
    assert answer["ModelPackageName"] == "Plain"
    assert not {"ModelPackageGroupName", "ModelPackageVersion", "ModelApprovalStatus"} & set(answer)
    assert sm.list_tags(ResourceArn=arn)["Tags"] == tags
    text = failed(partial(register, sm, None, ModelPackageName="PLAIN"))
    assert text.startswith("ModelPackage already exists")
    deploy(sm, package=arn)


def test_a_client_token_makes_one_package(sm):
    make_group(sm)
    token = uuid4().hex

    first = register(sm, ClientToken=token)
    assert register(sm, ClientToken=token) == first == ONE
    again = partial(register, sm, ClientToken=token, Domain="OTHER")
    assert "with another request" in failed(again, "ConflictException")
    assert listed(sm, ModelPackageGroupName="Churn") == ["Churn/1"]
    sm.delete_model_package(ModelPackageName=first)
    assert register(sm, ClientToken=token).endswith("/2")


def test_a_version_is_approved_rejected_and_annotated(sm, catalog):
    make_group(sm)
    register(sm, CustomerMetadataProperties={"a": "1", "b": "2"})
    catalog.clock.now += 5_000_000
    assert approve(sm, ApprovalDescription="good")["ModelPackageArn"] == ONE
    sm.update_model_package(
        ModelPackageArn=ONE,
        CustomerMetadataProperties={"b": "3", "c": "4"},
        CustomerMetadataPropertiesToRemove=["a", "never"],
        ModelLifeCycle={"Stage": "Prod", "StageStatus": "Live"},
        SourceUri="s3://lake/other",
        ModelCard={"ModelCardContent": "{}"},
        AdditionalInferenceSpecificationsToAdd=[{"Name": "other", **SPECIFICATION}],
    )

    answer = sm.describe_model_package(ModelPackageName=ONE)
    assert (answer["ModelApprovalStatus"], answer["ApprovalDescription"]) == ("Approved", "good")
    assert answer["CustomerMetadataProperties"] == {"b": "3", "c": "4"}
    assert answer["ModelLifeCycle"] == {"Stage": "Prod", "StageStatus": "Live"}
    assert (answer["SourceUri"], answer["ModelCard"]["ModelCardContent"]) == (
        "s3://lake/other",
        "{}",
    )
    assert [each["Name"] for each in answer["AdditionalInferenceSpecifications"]] == ["other"]
    assert answer["LastModifiedTime"] > answer["CreationTime"]
    assert answer["LastModifiedBy"] == {"IamIdentity": {"Arn": TESTER}}
    sm.update_model_package(ModelPackageArn=ONE, ModelApprovalStatus="Rejected")
    answer = sm.describe_model_package(ModelPackageName=ONE)
    assert answer["ModelApprovalStatus"] == "Rejected"
    assert "ApprovalDescription" not in answer


def test_what_was_registered_never_changes(sm):
    make_group(sm)
    register(sm)
    update = partial(sm.update_model_package, ModelPackageArn=ONE)

    text = failed(update, InferenceSpecification=SPECIFICATION)
    assert "never changes; register a new version" in text
    many = {f"k{place}": "v" for place in range(50)}
    update(CustomerMetadataProperties=many)
    assert "51 entries" in failed(update, CustomerMetadataProperties={"one-more": "v"})
    assert "does not exist" in failed(
        sm.update_model_package, ModelPackageArn=f"{ONE}9", SourceUri="x"
    )


def test_a_first_specification_may_come_later_but_not_after_approval(sm, catalog):
    make_group(sm)
    register(sm, InferenceSpecification=None, ModelApprovalStatus="Approved")
    assert catalog.importer.requests == []
    assert "no InferenceSpecification" in failed(partial(deploy, sm))
    give = partial(
        sm.update_model_package, ModelPackageArn=ONE, InferenceSpecification=SPECIFICATION
    )
    assert "was approved without one" in failed(give)

    sm.update_model_package(ModelPackageArn=ONE, ModelApprovalStatus="PendingManualApproval")
    give()
    assert len(catalog.importer.requests) == 1
    approve(sm)
    deploy(sm)
    described = sm.describe_model_package(ModelPackageName=ONE)
    assert described["InferenceSpecification"] == SPECIFICATION


def test_lists_filter_by_group_type_approval_name_and_time(sm, catalog):
    make_group(sm)
    make_group(sm, "Other")
    register(sm)
    catalog.clock.now += 2_000_000
    between = catalog.clock.now / 1e6 - 1
    register(sm)
    register(sm, "Other")
    register(sm, None, ModelPackageName="plain")
    approve(sm)

    oldest = {"SortOrder": "Ascending", "SortBy": "Name"}
    assert listed(sm) == ["plain"]
    assert listed(sm, ModelPackageGroupName="churn", **oldest) == ["Churn/1", "Churn/2"]
    assert listed(sm, ModelPackageType="Versioned", **oldest) == ["Churn/1", "Churn/2", "Other/1"]
    assert len(listed(sm, ModelPackageType="Both")) == 4
    assert listed(sm, ModelPackageType="Both", ModelApprovalStatus="Approved") == ["Churn/1"]
    assert listed(sm, ModelPackageType="Both", NameContains="OTHER") == ["Other/1"]
    assert listed(sm, ModelPackageGroupName="Churn", CreationTimeAfter=between) == ["Churn/2"]
    assert listed(sm, ModelPackageGroupName="Churn", ModelPackageType="Unversioned") == []
    assert "does not exist" in failed(sm.list_model_packages, ModelPackageGroupName="no")
    pages = sm.get_paginator("list_model_packages").paginate(
        ModelPackageType="Both", PaginationConfig={"PageSize": 1}
    )
    seen = [each for page in pages for each in page["ModelPackageSummaryList"]]
    assert len({each["ModelPackageArn"] for each in seen}) == len(seen) == 4
    assert sum("ModelPackageName" in each for each in seen) == 1


def test_a_batch_is_described_with_an_error_for_each_that_is_not_found(sm):
    make_group(sm)
    register(sm)
    missing, strange = f"{PREFIX}model-package/Churn/9", ONE.replace("us-east-1", "eu-west-1")
    answer = sm.batch_describe_model_package(ModelPackageArnList=[ONE, missing, strange, ONE])

    assert list(answer["ModelPackageSummaries"]) == [ONE]
    found = answer["ModelPackageSummaries"][ONE]
    assert found["InferenceSpecification"] == SPECIFICATION
    assert (found["ModelPackageGroupName"], found["ModelPackageVersion"]) == ("Churn", 1)
    errors = answer["BatchDescribeModelPackageErrorMap"]
    assert {name: each["ErrorCode"] for name, each in errors.items()} == {
        missing: "ValidationException",
        strange: "ValidationException",
    }
    assert "does not exist" in errors[missing]["ErrorResponse"]


# models of packages


def deploy(sm, name="churn", package=ONE, **container):
    """Create a model as SDK v2's ``ModelPackage.deploy`` does."""
    return sm.create_model(
        ModelName=name,
        Containers=[{"ModelPackageName": package, **container}],
        ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
    )


def serve(sm, model="churn", name="scoring"):
    sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant(model=model)])
    sm.create_endpoint(EndpointName=name, EndpointConfigName=name)


@pytest.mark.parametrize("package", [ONE, "Churn/1"])
def test_an_approved_package_is_deployed_without_another_import(sm, catalog, package):
    make_group(sm)
    register(sm)
    approve(sm)
    deploy(sm, package=package, Environment={"B": "2"})
    serve(sm)

    assert len(catalog.importer.requests) == 1
    described = sm.describe_model(ModelName="churn")
    assert described["Containers"] == [{"ModelPackageName": package, "Environment": {"B": "2"}}]
    (shown,) = sm.describe_endpoint(EndpointName="scoring")["ProductionVariants"]
    assert shown["DeployedImages"][0]["SpecifiedImage"] == IMAGE
    model = catalog.registry.endpoints.get("scoring").served.blue.variants[0].model
    assert (model.name, model.package_arn, model.environment) == ("churn", ONE, {"B": "2"})

    text = failed(partial(sm.delete_model_package, ModelPackageName=ONE), "ConflictException")
    assert "is served by the endpoints scoring" in text
    sm.delete_endpoint(EndpointName="scoring")
    sm.delete_model_package(ModelPackageName=ONE)


@pytest.mark.parametrize("status", ["Rejected", "PendingManualApproval"])
def test_what_is_not_approved_is_not_deployed(sm, status):
    make_group(sm)
    register(sm, ModelApprovalStatus=status)

    assert f"is not approved: it is {status}" in failed(partial(deploy, sm))
    assert "does not exist" in failed(partial(deploy, sm, package="Churn/2"))
    assert sm.list_models()["Models"] == []


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({"Image": IMAGE}, "the package has it"),
        ({"ModelDataUrl": ARTEFACT}, "the package has it"),
        ({"Environment": {"LARDER_FEATURES": "{}"}}, "frozen with the model package"),
        ({"Environment": {"SAGEMAKER_INFERENCE_ENSEMBLE": "false"}}, "frozen with the model"),
        ({"Environment": {"SAGEMAKER_PROGRAM": "a.py"}}, "runs no Python"),
    ],
)
def test_what_a_package_has_cannot_be_given_again(sm, container, words):
    make_group(sm)
    register(sm, ModelApprovalStatus="Approved")
    assert words in failed(partial(deploy, sm, **container))


# who may


def grants(**rights):
    return [
        {"Key": f"larder:{right}:{place}", "Value": arn}
        for right, arns in rights.items()
        for place, arn in enumerate(arns)
    ]


def test_the_groups_grants_count_for_its_versions(callers):
    ann = callers(ANN)
    make_group(ann, Tags=grants(admin=[ANN], read=[BOB]))
    register(ann)
    bob = callers(BOB)
    assert bob.describe_model_package(ModelPackageName=ONE)["ModelPackageVersion"] == 1
    assert "lacks the write right" in failed(partial(register, bob), "AccessDeniedException")
    assert "lacks the admin right" in failed(partial(approve, bob), "AccessDeniedException")
    remove = partial(bob.delete_model_package, ModelPackageName=ONE)
    assert "lacks the admin right" in failed(remove, "AccessDeniedException")
    approve(callers(ANN))
    deploy(callers(BOB))

    eve = callers(EVE)
    text = failed(partial(make_group, eve, "eves"), "AccessDeniedException")
    assert "may not create model package groups" in text
    look = partial(eve.describe_model_package, ModelPackageName=ONE)
    assert "has no rights on a model package" in failed(look, "AccessDeniedException")
    assert listed(eve, ModelPackageType="Both") == []
    assert eve.search(Resource="ModelPackage")["Results"] == []
    errors = eve.batch_describe_model_package(ModelPackageArnList=[ONE])
    (error,) = errors["BatchDescribeModelPackageErrorMap"].values()
    assert error["ErrorCode"] == "AccessDeniedException"

    ann = callers(ANN)
    ann.add_tags(
        ResourceArn=f"{PREFIX}model-package-group/Churn", Tags=grants(write=[EVE], admin=[ANN])
    )
    assert register(callers(EVE)).endswith("/2")


def test_who_could_not_administer_a_package_of_no_group_is_refused(callers):
    ann = callers(ANN)
    request = {"ModelPackageName": "plain", "Tags": grants(admin=[BOB])}
    assert "could not administer" in failed(partial(register, ann, None, **request))
    assert listed(ann) == []
    register(ann, None, ModelPackageName="plain", Tags=grants(admin=[ANN]))


@pytest.mark.parametrize("deleting", [True, False], ids=["marked", "gone"])
def test_a_version_does_not_outlive_a_group_that_is_deleted_meanwhile(sm, catalog, deleting):
    make_group(sm)
    group = catalog.registry.groups.get("Churn")

    def delete_meanwhile(request):
        if deleting:
            catalog.registry.groups.replace(replace(group, deleting=True))
        else:
            sm.delete_model_package_group(ModelPackageGroupName="Churn")
        return served_model(request.name, request.uid)

    spec = PackageSpec(
        group="Churn", specified=Specified(image=IMAGE, source=Source(uri=ARTEFACT)), token="t"
    )
    packages = replace(catalog.packages, importer=delete_meanwhile)
    with pytest.raises(ValidationError, match="Model Package Group does not exist"):
        packages.create(spec)
    assert list(catalog.registry.packages.list()) == []
    assert catalog.registry.versions.by_token("t") is None
    assert set(states(catalog.groups.log("Churn"))) == ({0} if deleting else set())


def test_where_two_persons_are_asked_for_the_author_does_not_approve(callers):
    ann = callers(ANN, two_persons=True)
    make_group(ann)
    text = failed(partial(register, ann, ModelApprovalStatus="Approved"), "AccessDeniedException")
    assert "another one to approve" in text
    register(ann, InferenceSpecification=None)
    assert "another one" in failed(partial(approve, ann), "AccessDeniedException")
    ann.update_model_package(ModelPackageArn=ONE, ModelApprovalStatus="Rejected")

    bob = callers(BOB, two_persons=True)
    bob.update_model_package(ModelPackageArn=ONE, InferenceSpecification=SPECIFICATION)
    assert "another one" in failed(partial(approve, bob), "AccessDeniedException")
    approve(callers(EVE, two_persons=True))
    described = callers(BOB).describe_model_package(ModelPackageName=ONE)
    assert described["CreatedBy"]["IamIdentity"]["Arn"] == ANN
    assert described["LastModifiedBy"]["IamIdentity"]["Arn"] == EVE
    approve(callers(ANN))  # where the stage does not ask


# aliases, the log, Search


def alias(sm, value, name="champion"):
    arn = f"{PREFIX}model-package-group/Churn"
    tag = {"Key": f"larder:alias:{name}", "Value": value}
    return sm.add_tags(ResourceArn=arn, Tags=[tag])


def test_an_alias_is_one_version_and_moves_where_it_is_as_expected(sm):
    make_group(sm)
    register(sm)
    register(sm)
    alias(sm, "1 from none: the first")
    conflict = partial(alias, sm, "2 from none")
    assert "champion of Churn is 1 and not none" in failed(conflict, "ConflictException")
    alias(sm, "2 from 1: it won")

    arn = f"{PREFIX}model-package-group/Churn"
    assert sm.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "larder:alias:champion", "Value": "2: it won"}
    ]
    remove = partial(sm.delete_model_package, ModelPackageName="Churn/2")
    assert "is the champion of its group" in failed(remove, "ConflictException")
    for value, words in [
        ("3", "must name a version of Churn"),
        ("latest", "must be a version"),
        ("1 from", "must be a version"),
    ]:
        assert words in failed(partial(alias, sm, value))
    assert "letters, digits" in failed(partial(alias, sm, "1", "a:b"))
    tag = {"Key": "larder:alias:champion", "Value": "1"}
    register(sm, None, ModelPackageName="plain")
    for other in ("model-package/plain", "model-package/Churn/1"):
        text = failed(partial(sm.add_tags, ResourceArn=PREFIX + other, Tags=[tag]))
        assert "tag the group" in text or "must not begin with larder:" in text
    sm.delete_tags(ResourceArn=arn, TagKeys=["larder:alias:champion"])
    remove()


def test_the_log_answers_what_was_so_at_an_instant(sm, catalog):
    times = []

    def then(step):
        catalog.clock.now += 1_000_000
        step()
        times.append(catalog.clock.now)

    then(lambda: make_group(sm))
    then(lambda: register(sm))
    then(lambda: approve(sm, ApprovalDescription="good"))
    then(lambda: alias(sm, "1: first"))
    then(lambda: register(sm, ModelApprovalStatus="Approved"))
    then(lambda: alias(sm, "2"))
    then(lambda: sm.delete_model_package(ModelPackageName="Churn/1"))

    def at(moment):
        found = states(catalog.groups.log("churn", moment))
        return {
            (version, what): change.after
            for version, known in found.items()
            for what, change in known.items()
            if what in ("approval", "alias:champion")
        }

    assert at(times[0]) == {}
    assert at(times[1]) == {(1, "approval"): "PendingManualApproval"}
    assert at(times[2]) == {(1, "approval"): "Approved"}
    assert at(times[2] - 1) == at(times[1])
    assert at(times[3]) == {(1, "approval"): "Approved", (0, "alias:champion"): "1"}
    assert at(times[5])[0, "alias:champion"] == "2"
    assert at(None) == {(0, "alias:champion"): "2", (2, "approval"): "Approved"}
    changes = {
        (change.what, change.before, change.after): (entry.by, change.reason)
        for entry in catalog.groups.log("Churn")
        for change in entry.changes
    }
    assert changes["approval", "PendingManualApproval", "Approved"] == (TESTER, "good")
    assert changes["alias:champion", None, "1"] == (TESTER, "first")
    assert changes["alias:champion", "1", "2"] == (TESTER, None)
    assert changes["approval", "Approved", None] == (TESTER, None)


def test_a_change_that_changes_nothing_is_not_logged(sm, catalog):
    make_group(sm)
    register(sm)
    approve(sm, ApprovalDescription="good")
    before = (catalog.groups.log("Churn"), catalog.registry.packages.get("Churn/1"))
    approve(sm, ApprovalDescription="good")

    assert (catalog.groups.log("Churn"), catalog.registry.packages.get("Churn/1")) == before
    assert before[1].approval is not Approval.REJECTED


def found_by(sm, resource, *filters, **members):
    filters = [dict(zip(("Name", "Operator", "Value"), each, strict=True)) for each in filters]
    expression = {"SearchExpression": {"Filters": filters}} if filters else {}
    return [
        each[resource] for each in sm.search(Resource=resource, **expression, **members)["Results"]
    ]


def test_search_finds_groups_packages_models_and_endpoints(sm):
    make_group(sm, Tags=[{"Key": "team", "Value": "risk"}])
    make_group(sm, "other")
    register(sm, ModelLifeCycle={"Stage": "Prod", "StageStatus": "Live"})
    register(sm)
    approve(sm)
    deploy(sm)
    serve(sm)

    (group,) = found_by(sm, "ModelPackageGroup", ("ModelPackageGroupName", "Equals", "Churn"))
    assert group["Tags"] == [{"Key": "team", "Value": "risk"}]
    assert found_by(sm, "ModelPackageGroup", ("Tags.team", "Equals", "risk")) == [group]
    for filters in [
        [("ModelLifeCycle.Stage", "Equals", "Prod")],
        [("ModelApprovalStatus", "Equals", "Approved")],
        [("ModelPackageArn", "Equals", ONE)],
    ]:
        (package,) = found_by(sm, "ModelPackage", *filters)
        assert (package["ModelPackageArn"], package["ModelPackageVersion"]) == (ONE, 1)
    (model,) = found_by(sm, "Model", ("ModelName", "Contains", "chu"))
    assert model["Model"]["Containers"] == [{"ModelPackageName": ONE}]
    (endpoint,) = found_by(sm, "Endpoint", ("EndpointStatus", "Equals", "InService"))
    assert endpoint["EndpointName"] == "scoring"
    assert found_by(sm, "FeatureGroup") == []
    first = sm.search(Resource="ModelPackage", MaxResults=1)
    assert first["TotalHits"] == {"Value": 2, "Relation": "EqualTo"}
    rest = sm.search(Resource="ModelPackage", MaxResults=1, NextToken=first["NextToken"])
    assert "NextToken" not in rest and rest["Results"] != first["Results"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"Resource": "TrainingJob"}, "searches FeatureGroup, FeatureMetadata, Model, Endpoint"),
        (
            {"Resource": "Model", "SearchExpression": {"Filters": [{"Name": "x", "Value": "y"}]}},
            "a Model has ModelName",
        ),
    ],
)
def test_what_cannot_be_searched_for_is_refused_in_words(sm, members, words):
    assert words in failed(sm.search, **members)
