"""The control plane of models behind an unmodified boto3 client, on memory and on moto."""

from dataclasses import replace
from functools import partial

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lambdas.control.routes import create_handler
from larder.access.rules import AccessRules
from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ServiceUnavailable, ValidationError
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.served import EndpointStatus
from larder.testing.models import memory_model_registry
from tests.support.control import KEY_ARN, ROLE_ARN, START, control_plane
from tests.support.groups import HOME
from tests.support.model_registry import ARTEFACT, IMAGE, model_catalog, variant
from tests.support.tables import create_registry_table

PREFIX = "arn:aws:sagemaker:us-east-1:123456789012:"
CONTAINER = {"Image": IMAGE, "ModelDataUrl": ARTEFACT, "Environment": {"A": "1"}}
AT_ONCE = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
        "TerminationWaitInSeconds": 10,
    }
}


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


def refused(call, **members):
    """The text of the ValidationException that a call is answered with."""
    with pytest.raises(ClientError) as raised:
        call(**members)
    error = raised.value.response
    assert error["Error"]["Code"] == "ValidationException", error
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Error"]["Message"]


def make_model(sm, name="churn", **members):
    return sm.create_model(
        ModelName=name, **{"PrimaryContainer": CONTAINER, "ExecutionRoleArn": ROLE_ARN} | members
    )


def make_config(sm, name="config", variants=None, **members):
    return sm.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=variants or [variant()], **members
    )


def make_endpoint(sm, name="Scoring", config="config", **members):
    return sm.create_endpoint(EndpointName=name, EndpointConfigName=config, **members)


def without(answer, *names):
    return {key: value for key, value in answer.items() if key not in ("ResponseMetadata", *names)}


# models


@pytest.mark.parametrize(
    "form", [{"PrimaryContainer": CONTAINER}, {"Containers": [CONTAINER]}], ids=["one", "list"]
)
def test_a_model_comes_back_in_the_form_in_which_it_was_sent(sm, catalog, form):
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    sent = {
        **form,
        "ExecutionRoleArn": ROLE_ARN,
        "VpcConfig": vpc,
        "EnableNetworkIsolation": True,
    }
    arn = sm.create_model(ModelName="Churn", Tags=[{"Key": "a", "Value": "b"}], **sent)["ModelArn"]

    assert arn == f"{PREFIX}model/churn"
    answer = sm.describe_model(ModelName="Churn")
    assert answer["CreationTime"].timestamp() == START // 1000 / 1000
    assert without(answer, "CreationTime") == {"ModelName": "Churn", "ModelArn": arn, **sent}
    (request,) = catalog.importer.requests
    assert (request.source.uri, request.image.repository) == (ARTEFACT, "sagemaker-xgboost")
    assert dict(request.environment) == {"A": "1"}


@pytest.mark.parametrize(
    ("data_type", "compression", "form"),
    [
        ("S3Object", "Gzip", "archive"),
        ("S3Prefix", "None", "folder"),
        ("S3Object", "None", "file"),
    ],
)
def test_a_source_says_what_lies_at_its_address(sm, catalog, data_type, compression, form):
    source = {
        "S3Uri": "s3://lake/m/",
        "S3DataType": data_type,
        "CompressionType": compression,
        "ETag": '"e"',
    }
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    make_model(sm, PrimaryContainer=container)

    (request,) = catalog.importer.requests
    assert (request.source.form, request.source.uri, request.source.etag) == (
        form,
        "s3://lake/m/",
        '"e"',
    )
    assert sm.describe_model(ModelName="churn")["PrimaryContainer"] == container


_SOURCE = {"S3Uri": "s3://lake/m", "S3DataType": "S3Prefix", "CompressionType": "Gzip"}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            {"PrimaryContainer": CONTAINER, "Containers": [CONTAINER]},
            "not a PrimaryContainer and 1",
        ),
        ({"Containers": [CONTAINER, CONTAINER]}, "not no PrimaryContainer and 2 Containers"),
        ({}, "not no PrimaryContainer and 0 Containers"),
        ({"PrimaryContainer": {"Image": IMAGE}}, "'primaryContainer.modelDataUrl'"),
        ({"PrimaryContainer": {"ModelDataUrl": ARTEFACT}}, "'primaryContainer.image'"),
        ({"PrimaryContainer": {**CONTAINER, "Mode": "MultiModel"}}, "create one model for each"),
        (
            {"PrimaryContainer": {**CONTAINER, "ModelDataSource": {"S3DataSource": _SOURCE}}},
            "not both",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataSource": {"S3DataSource": _SOURCE}}},
            "a folder is not compressed",
        ),
        (
            {"PrimaryContainer": {**CONTAINER, "ModelDataUrl": "https://s3.amazonaws.com/a/b"}},
            "must begin with s3://",
        ),
        (
            {"PrimaryContainer": {**CONTAINER, "Image": "x.dkr.ecr/sagemaker-scikit-learn:1.2"}},
            "skl2onnx",
        ),
        (
            {"PrimaryContainer": {**CONTAINER, "Environment": {"SAGEMAKER_PROGRAM": "a.py"}}},
            "SAGEMAKER_PROGRAM='a.py'",
        ),
        (
            {"PrimaryContainer": {**CONTAINER, "MultiModelConfig": {}}},
            "one model for each artefact",
        ),
        ({"PrimaryContainer": CONTAINER, "Tags": [{"Key": "aws:x", "Value": ""}]}, "aws:"),
        (
            {"PrimaryContainer": CONTAINER, "Tags": [{"Key": "larder:salt", "Value": "x"}]},
            "must not begin with larder:",
        ),
        (
            {"PrimaryContainer": CONTAINER, "Tags": [{"Key": "larder:removed:x", "Value": ""}]},
            "must not remove a feature",
        ),
    ],
)
def test_a_model_that_cannot_be_is_refused_in_words_and_nothing_is_imported(
    sm, catalog, members, words
):
    assert words in refused(partial(sm.create_model, ModelName="churn"), **members)
    assert catalog.importer.requests == []
    assert sm.list_models()["Models"] == []


def test_an_artefact_that_cannot_be_served_leaves_no_model(sm, catalog):
    catalog.importer.error = ValidationError("model.pkl is a pickle")

    assert "is a pickle" in refused(partial(make_model, sm))
    assert "Could not find model" in refused(sm.describe_model, ModelName="churn")


def test_a_name_is_taken_once_and_another_body_makes_no_difference(sm, catalog):
    make_model(sm)
    text = f'Cannot create already existing model "{PREFIX}model/churn".'

    assert text in refused(partial(make_model, sm))
    assert text in refused(partial(make_model, sm, "CHURN", EnableNetworkIsolation=True))
    assert len(catalog.importer.requests) == 1


@pytest.mark.parametrize(
    ("operation", "member", "kind", "words"),
    [
        ("describe_model", "ModelName", "model", "model"),
        ("delete_model", "ModelName", "model", "model"),
        (
            "describe_endpoint_config",
            "EndpointConfigName",
            "endpoint-config",
            "endpoint configuration",
        ),
        (
            "delete_endpoint_config",
            "EndpointConfigName",
            "endpoint-config",
            "endpoint configuration",
        ),
        ("describe_endpoint", "EndpointName", "endpoint", "endpoint"),
        ("delete_endpoint", "EndpointName", "endpoint", "endpoint"),
    ],
)
def test_what_there_is_not_is_not_found_by_its_arn(sm, operation, member, kind, words):
    text = refused(getattr(sm, operation), **{member: "No-Such"})

    assert text == f'Could not find {words} "{PREFIX}{kind}/no-such".'


# endpoint configurations


def test_a_configuration_comes_back_as_it_was_sent_with_its_default_weight(sm):
    make_model(sm)
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    plain = {"VariantName": "b", "ModelName": "churn", "ServerlessConfig": serverless}
    sent = [variant(InitialVariantWeight=0.0, VolumeSizeInGB=5), plain]
    arn = make_config(
        sm,
        "My-Config",
        sent,
        KmsKeyId=KEY_ARN,
        MetricsConfig={"EnableEnhancedMetrics": True},
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 5,
            "DestinationS3Uri": "s3://lake/capture",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
    )["EndpointConfigArn"]

    assert arn == f"{PREFIX}endpoint-config/my-config"
    answer = sm.describe_endpoint_config(EndpointConfigName="My-Config")
    assert answer["EndpointConfigName"] == "My-Config"
    assert answer["ProductionVariants"] == [sent[0], {**plain, "InitialVariantWeight": 1.0}]
    assert answer["KmsKeyId"] == KEY_ARN
    assert answer["MetricsConfig"] == {"EnableEnhancedMetrics": True}
    assert answer["DataCaptureConfig"]["InitialSamplingPercentage"] == 5


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"ProductionVariants": [variant(model="no")]}, 'Could not find model "'),
        ({"ProductionVariants": [variant(), variant()]}, "must be unique among the variants"),
        ({"ProductionVariants": [variant(InitialVariantWeight=0)]}, "greater than 0"),
        (
            {"ProductionVariants": [variant(InstanceType=None, InitialInstanceCount=None)]},
            "or ServerlessConfig instead",
        ),
        ({"ProductionVariants": [variant(InitialInstanceCount=None)]}, "ServerlessConfig instead"),
        ({"ProductionVariants": [variant(InstanceType="ml.big")]}, "ml.t2.medium"),
        ({"ProductionVariants": [variant(ModelName=None)]}, "no inference components"),
        ({"ProductionVariants": [variant(EnableSSMAccess=True)]}, "has no machines"),
        (
            {
                "ProductionVariants": [
                    variant(
                        InstanceType=None,
                        InitialInstanceCount=None,
                        ServerlessConfig={"MemorySizeInMB": 1500, "MaxConcurrency": 1},
                    )
                ]
            },
            "[1024, 2048, 3072, 4096, 5120, 6144]",
        ),
        ({"KmsKeyId": "other"}, KEY_ARN),
        ({"ShadowProductionVariants": [variant("a")]}, "must be unique among the variants"),
        (
            {
                "ShadowProductionVariants": [variant("s")],
                "ProductionVariants": [variant("a"), variant("b")],
            },
            "beside one of ProductionVariants",
        ),
    ],
)
def test_a_configuration_that_contradicts_itself_is_refused(sm, members, words):
    make_model(sm)

    text = refused(
        sm.create_endpoint_config,
        **{"EndpointConfigName": "c", "ProductionVariants": [variant()]} | members,
    )
    assert words in text
    assert sm.list_endpoint_configs()["EndpointConfigs"] == []


# endpoints


def test_an_endpoint_is_creating_while_its_models_load_and_then_in_service(sm, catalog):
    seen = []
    catalog.warm_up.during = lambda: seen.append(sm.describe_endpoint(EndpointName="Scoring"))
    make_model(sm)
    make_config(sm)
    arn = make_endpoint(sm, Tags=[], DeploymentConfig=AT_ONCE)["EndpointArn"]

    assert arn == f"{PREFIX}endpoint/scoring"
    assert [each["EndpointStatus"] for each in seen] == ["Creating"]
    sm.get_waiter("endpoint_in_service").wait(EndpointName="Scoring")
    answer = sm.describe_endpoint(EndpointName="Scoring")
    resolved = f"{IMAGE}@sha256:{'ab' * 32}"
    (shown,) = answer["ProductionVariants"]
    (image,) = shown.pop("DeployedImages")
    assert (image["SpecifiedImage"], image["ResolvedImage"]) == (IMAGE, resolved)
    assert shown == {
        "VariantName": "a",
        "CurrentWeight": 1.0,
        "DesiredWeight": 1.0,
        "CurrentInstanceCount": 1,
        "DesiredInstanceCount": 1,
    }
    names = ("EndpointName", "EndpointArn", "EndpointConfigName", "EndpointStatus")
    assert [answer[name] for name in names] == ["Scoring", arn, "config", "InService"]
    assert answer["LastDeploymentConfig"] == AT_ONCE
    assert "FailureReason" not in answer


@pytest.mark.parametrize(
    "reason", ["the variant a scored nothing", ServiceUnavailable("no answer in 10 s")]
)
def test_an_endpoint_whose_model_does_not_load_has_failed_with_the_reason(sm, catalog, reason):
    make_model(sm)
    make_config(sm)
    catalog.warm_up.reason = reason
    make_endpoint(sm)

    answer = sm.describe_endpoint(EndpointName="Scoring")
    assert (answer["EndpointStatus"], answer["FailureReason"]) == ("Failed", str(reason))
    text = refused(sm.update_endpoint, EndpointName="Scoring", EndpointConfigName="config")
    assert "has Failed" in text
    sm.delete_endpoint(EndpointName="Scoring")
    sm.get_waiter("endpoint_deleted").wait(EndpointName="Scoring")


def test_an_endpoint_deleted_while_it_starts_stays_deleted(sm, catalog):
    make_model(sm)
    make_config(sm)
    catalog.warm_up.during = lambda: sm.delete_endpoint(EndpointName="Scoring")
    make_endpoint(sm)

    assert "Could not find endpoint" in refused(sm.describe_endpoint, EndpointName="Scoring")


@pytest.mark.parametrize(("status", "settled"), [("CREATING", "Failed"), ("UPDATING", "InService")])
def test_a_change_that_was_interrupted_ends_for_who_asks_a_minute_later(
    sm, catalog, status, settled
):
    make_model(sm)
    make_config(sm)
    make_endpoint(sm)
    stored = catalog.registry.endpoints.get("scoring")
    served = replace(stored.served, status=EndpointStatus[status])
    catalog.registry.endpoints.replace(replace(stored, served=served))
    in_between = EndpointStatus[status].value

    catalog.clock.now += 60_000_000
    answer = sm.describe_endpoint(EndpointName="Scoring")
    assert answer["EndpointStatus"] == in_between
    catalog.clock.now += 1
    answer = sm.describe_endpoint(EndpointName="Scoring")
    assert answer["EndpointStatus"] == settled
    assert "interrupted" in answer["FailureReason"]
    assert sm.describe_endpoint(EndpointName="Scoring")["EndpointStatus"] == settled


def test_config_and_model_may_be_deleted_while_their_endpoint_serves(sm, catalog):
    make_model(sm)
    make_config(sm)
    make_endpoint(sm)
    before = catalog.registry.endpoints.get("scoring").served
    sm.delete_endpoint_config(EndpointConfigName="config")
    sm.delete_model(ModelName="churn")

    assert sm.describe_endpoint(EndpointName="Scoring")["EndpointStatus"] == "InService"
    assert catalog.registry.endpoints.get("scoring").served == before
    sm.delete_endpoint(EndpointName="Scoring")
    assert catalog.registry.endpoints.get("scoring") is None


def _two_variants(sm, catalog):
    make_model(sm)
    make_config(sm, variants=[variant("a"), variant("b", InitialVariantWeight=3.0)])
    make_endpoint(sm)
    return catalog.registry.endpoints.get("scoring").served.generation


def _weights(sm):
    shown = sm.describe_endpoint(EndpointName="Scoring")["ProductionVariants"]
    return {each["VariantName"]: each["CurrentWeight"] for each in shown}


def test_weights_change_by_name_and_the_rest_stays(sm, catalog):
    before = _two_variants(sm, catalog)
    wanted = [{"VariantName": "b", "DesiredWeight": 0.0, "DesiredInstanceCount": 4}]
    arn = sm.update_endpoint_weights_and_capacities(
        EndpointName="Scoring", DesiredWeightsAndCapacities=wanted
    )["EndpointArn"]

    assert arn == f"{PREFIX}endpoint/scoring"
    assert _weights(sm) == {"a": 1.0, "b": 0.0}
    answer = sm.describe_endpoint(EndpointName="Scoring")
    assert [each["DesiredInstanceCount"] for each in answer["ProductionVariants"]] == [1, 4]
    assert catalog.registry.endpoints.get("scoring").served.generation > before
    assert catalog.registry.endpoints.get("scoring").served.salt == "Scoring"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (
            [{"VariantName": "x", "DesiredWeight": 1.0}],
            'The variant name(s) "x" is/are not present within endpoint configuration "config".',
        ),
        (
            [{"VariantName": "a", "DesiredWeight": 1.0}, {"VariantName": "a"}],
            'The variant name "a" was non-unique within the request.',
        ),
        (
            [{"VariantName": each, "DesiredWeight": 0.0} for each in "ab"],
            "give at least one a DesiredWeight greater than 0",
        ),
        (
            [{"VariantName": "a", "ServerlessUpdateConfig": {"MaxConcurrency": 9}}],
            "The variant a has no ServerlessConfig",
        ),
    ],
)
def test_weights_that_cannot_be_leave_the_endpoint_unchanged(sm, catalog, wanted, words):
    _two_variants(sm, catalog)
    before = catalog.registry.endpoints.get("scoring")

    text = refused(
        sm.update_endpoint_weights_and_capacities,
        EndpointName="Scoring",
        DesiredWeightsAndCapacities=wanted,
    )
    assert text == words or words in text
    assert catalog.registry.endpoints.get("scoring") == before


def test_a_serverless_configuration_is_changed_by_member_and_shown_again(sm):
    make_model(sm)
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    variants = [{"VariantName": "a", "ModelName": "churn", "ServerlessConfig": serverless}]
    make_config(sm, "serverless", variants)
    sm.create_endpoint(EndpointName="Scoring", EndpointConfigName="serverless")

    wanted = [{"VariantName": "a", "ServerlessUpdateConfig": {"MaxConcurrency": 9}}]
    sm.update_endpoint_weights_and_capacities(
        EndpointName="Scoring", DesiredWeightsAndCapacities=wanted
    )

    (shown,) = sm.describe_endpoint(EndpointName="Scoring")["ProductionVariants"]
    assert shown["DesiredServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 9}


@pytest.mark.parametrize("retains", [False, True])
def test_an_update_moves_to_another_configuration_and_keeps_weights_where_asked(
    sm, catalog, retains
):
    _two_variants(sm, catalog)
    weigh = [{"VariantName": "b", "DesiredWeight": 7.0, "DesiredInstanceCount": 9}]
    sm.update_endpoint_weights_and_capacities(
        EndpointName="Scoring", DesiredWeightsAndCapacities=weigh
    )
    make_config(sm, "next", [variant("b"), variant("c", InitialVariantWeight=2.0)])
    seen = []
    catalog.warm_up.during = lambda: seen.append(sm.describe_endpoint(EndpointName="Scoring"))
    sm.update_endpoint(
        EndpointName="Scoring",
        EndpointConfigName="next",
        RetainAllVariantProperties=retains,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredInstanceCount"}],
    )

    (during,) = seen
    assert (during["EndpointStatus"], during["EndpointConfigName"]) == ("Updating", "config")
    answer = sm.describe_endpoint(EndpointName="Scoring")
    assert (answer["EndpointStatus"], answer["EndpointConfigName"]) == ("InService", "next")
    assert _weights(sm) == {"b": 7.0 if retains else 1.0, "c": 2.0}
    assert [each["DesiredInstanceCount"] for each in answer["ProductionVariants"]] == [1, 1]


def test_an_update_to_a_model_that_does_not_load_stays_where_it_was_and_says_why(sm, catalog):
    _two_variants(sm, catalog)
    make_config(sm, "next")
    catalog.warm_up.reason = "the artefact is broken"
    sm.update_endpoint(EndpointName="Scoring", EndpointConfigName="next")

    answer = sm.describe_endpoint(EndpointName="Scoring")
    assert (answer["EndpointStatus"], answer["EndpointConfigName"]) == ("InService", "config")
    assert answer["FailureReason"] == "the artefact is broken"
    catalog.warm_up.reason = None
    sm.update_endpoint(EndpointName="Scoring", EndpointConfigName="next")
    answer = sm.describe_endpoint(EndpointName="Scoring")
    assert answer["EndpointConfigName"] == "next"
    assert "FailureReason" not in answer


def test_a_second_change_during_one_is_refused(sm, catalog):
    _two_variants(sm, catalog)
    texts = []

    def meanwhile():
        texts.append(
            refused(sm.update_endpoint, EndpointName="Scoring", EndpointConfigName="config")
        )
        weigh = [{"VariantName": "b", "DesiredWeight": 7.0}]
        texts.append(
            refused(
                sm.update_endpoint_weights_and_capacities,
                EndpointName="Scoring",
                DesiredWeightsAndCapacities=weigh,
            )
        )

    catalog.warm_up.during = meanwhile
    sm.update_endpoint(EndpointName="Scoring", EndpointConfigName="config")

    assert texts == [f'Cannot update in-progress endpoint "{PREFIX}endpoint/scoring".'] * 2


def test_a_deployment_config_is_either_given_or_retained(sm, catalog):
    _two_variants(sm, catalog)
    text = refused(
        sm.update_endpoint,
        EndpointName="Scoring",
        EndpointConfigName="config",
        DeploymentConfig=AT_ONCE,
        RetainDeploymentConfig=True,
    )
    assert "leave out" in text


# lists


@pytest.fixture
def listed(sm, catalog):
    """Five items of every kind, one second after the other, of which the endpoint ``c`` failed."""
    for place, name in enumerate(["b", "E", "a", "c", "D"]):
        catalog.clock.now = START + place * 1_000_000
        catalog.warm_up.reason = "broken" if name == "c" else None
        make_model(sm, f"{name}-x", PrimaryContainer=CONTAINER)
        make_config(sm, f"{name}-x", [variant(model=f"{name}-x")])
        make_endpoint(sm, f"{name}-x", f"{name}-x")
    return sm


LISTS = {
    "models": ("list_models", "Models", "ModelName"),
    "configs": ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
    "endpoints": ("list_endpoints", "Endpoints", "EndpointName"),
}


@pytest.fixture(params=list(LISTS))
def names(request, listed):
    operation, member, name = LISTS[request.param]

    def of(**members):
        pages = listed.get_paginator(operation).paginate(
            PaginationConfig={"PageSize": members.pop("PageSize", 100)}, **members
        )
        return "".join(each[name][0] for page in pages for each in page[member])

    return of


def test_lists_are_sorted_filtered_and_paged(names):
    assert names() == names(PageSize=1) == names(PageSize=2) == "DcaEb"
    assert names(SortOrder="Ascending", PageSize=1) == "bEacD"
    assert names(SortBy="Name", SortOrder="Ascending", PageSize=2) == "abcDE"
    assert names(SortBy="Name", SortOrder="Descending", PageSize=1) == "EDcba"
    assert names(NameContains="e-X") == "E"
    third = (START + 2_000_000) // 1000 / 1000
    assert names(CreationTimeAfter=third) == "Dc"
    assert names(CreationTimeBefore=third) == "Eb"


def test_endpoints_are_listed_by_status_and_by_change(listed):
    def names(**members):
        return "".join(
            each["EndpointName"][0] for each in listed.list_endpoints(**members)["Endpoints"]
        )

    assert names(StatusEquals="Failed") == "c"
    assert names(StatusEquals="InService") == "DaEb"
    assert names(SortBy="Status", SortOrder="Ascending") == "cabDE"
    third = (START + 2_000_000) // 1000 / 1000
    assert names(LastModifiedTimeAfter=third) == "Dc"
    assert names(LastModifiedTimeBefore=third) == "Eb"


@pytest.mark.parametrize("operation", [each[0] for each in LISTS.values()])
def test_a_token_of_another_list_or_order_is_refused(listed, operation):
    call = getattr(listed, operation)
    token = call(MaxResults=1)["NextToken"]

    assert "NextToken" in refused(call, NextToken="junk")
    assert "NextToken" in refused(call, NextToken=token, SortBy="Name")
    assert "NextToken" not in call(MaxResults=100, NextToken=token)


# tags and rights


@pytest.mark.parametrize("kind", ["model/churn", "endpoint-config/config", "endpoint/scoring"])
def test_tags_are_added_listed_and_deleted(sm, kind):
    tags = [{"Key": "a", "Value": "1"}]
    make_model(sm, Tags=tags)
    make_config(sm, Tags=tags)
    make_endpoint(sm, Tags=tags)
    arn = PREFIX + kind

    assert sm.list_tags(ResourceArn=arn)["Tags"] == tags
    more = [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]
    assert sm.add_tags(ResourceArn=arn, Tags=more)["Tags"] == more
    sm.delete_tags(ResourceArn=arn, TagKeys=["a", "zz"])
    assert sm.list_tags(ResourceArn=arn, MaxResults=50)["Tags"] == more[1:]
    many = [{"Key": f"k{place}", "Value": "v"} for place in range(50)]
    assert "50 are allowed" in refused(sm.add_tags, ResourceArn=arn, Tags=many)
    for other in (arn.replace("us-east-1", "eu-west-1"), arn.replace("123456789012", "2" * 12)):
        assert "us-east-1" in refused(sm.list_tags, ResourceArn=other)
    gone = f"{arn}-gone"
    assert f'"{gone}"' in refused(sm.list_tags, ResourceArn=gone)


def test_the_salt_of_an_experiment_is_a_tag_of_the_endpoint(sm, catalog):
    make_model(sm)
    make_config(sm)
    make_endpoint(sm, Tags=[{"Key": "larder:salt", "Value": "one"}])
    served = catalog.registry.endpoints.get("scoring").served
    assert served.salt == "one"

    arn = f"{PREFIX}endpoint/scoring"
    sm.add_tags(ResourceArn=arn, Tags=[{"Key": "larder:salt", "Value": "two"}])
    again = catalog.registry.endpoints.get("scoring").served
    assert (again.salt, again.generation) == ("two", served.generation + 1)
    sm.delete_tags(ResourceArn=arn, TagKeys=["larder:salt"])
    assert catalog.registry.endpoints.get("scoring").served.salt == "Scoring"


ANN, BOB, EVE = (f"arn:aws:iam::123456789012:role/{name}" for name in ("ann", "bob", "eve"))


def _grants(**rights):
    return [
        {"Key": f"larder:{right}:{place}", "Value": arn}
        for right, arns in rights.items()
        for place, arn in enumerate(arns)
    ]


@pytest.fixture
def callers(sagemaker_door, catalog):
    """The client as one caller or another; creators are Ann and Bob."""
    client, served = sagemaker_door
    rules = AccessRules(HOME, creators=(ANN, BOB))
    handler = create_handler(control_plane(), rules, models=catalog)

    def as_caller(arn):
        def handle(event, context):
            event["requestContext"]["authorizer"] = {"iam": {"userArn": arn}}
            return handler(event, context)

        served["handler"] = handle
        return client

    return as_caller


def denied(call, **members):
    with pytest.raises(ClientError) as raised:
        call(**members)
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
    return raised.value.response["Error"]["Message"]


def test_only_creators_create_and_only_whom_a_tag_names_sees_serves_or_changes(callers, catalog):
    ann = callers(ANN)
    make_model(ann, Tags=_grants(admin=[ANN], read=[BOB]))
    assert catalog.importer.requests[0].caller == ANN
    make_config(ann, Tags=_grants(admin=[ANN], read=[BOB]))
    make_endpoint(ann, Tags=_grants(admin=[ANN], read=[BOB]))
    served = catalog.registry.endpoints.get("scoring").served
    assert (served.grants.read, served.grants.admin) == ((BOB,), (ANN,))

    bob = callers(BOB)
    assert bob.describe_endpoint(EndpointName="Scoring")["EndpointStatus"] == "InService"
    make_config(bob, "bobs")
    for call, members in [
        (bob.delete_endpoint, {"EndpointName": "Scoring"}),
        (bob.delete_model, {"ModelName": "churn"}),
        (bob.delete_endpoint_config, {"EndpointConfigName": "config"}),
        (bob.update_endpoint, {"EndpointName": "Scoring", "EndpointConfigName": "bobs"}),
    ]:
        assert "lacks the admin right on" in denied(call, **members)
    tag = [{"Key": "a", "Value": "b"}]
    assert "lacks the admin" in denied(
        bob.add_tags, ResourceArn=f"{PREFIX}endpoint/scoring", Tags=tag
    )

    eve = callers(EVE)
    assert "may not create models" in denied(partial(make_model, eve, "eves"))
    assert "has no rights on an endpoint" in denied(eve.describe_endpoint, EndpointName="Scoring")
    assert "has no rights on a model" in denied(eve.describe_model, ModelName="churn")
    assert eve.list_endpoints()["Endpoints"] == eve.list_models()["Models"] == []
    assert [
        each["EndpointConfigName"] for each in eve.list_endpoint_configs()["EndpointConfigs"]
    ] == ["bobs"]

    callers(ANN).delete_endpoint(EndpointName="Scoring")


def test_a_model_that_the_caller_may_not_serve_enters_no_configuration(callers):
    make_model(callers(ANN), Tags=_grants(admin=[ANN]))

    bob = callers(BOB)
    assert "has no rights on a model" in denied(partial(make_config, bob))


def test_who_could_not_administer_what_he_makes_is_refused(callers):
    ann = callers(ANN)

    assert "could not administer" in refused(partial(make_model, ann, Tags=_grants(admin=[BOB])))


CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 5,
    "DestinationS3Uri": "s3://lake/exposures/captures",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


def _with_capture(sm, name, **capture):
    more = {"DataCaptureConfig": CAPTURE | capture} if capture else {}
    sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant()], **more)


@pytest.mark.parametrize(
    ("retains", "excluded", "destination"),
    [
        (False, [], "s3://lake/second"),
        (True, [], "s3://lake/first"),
        (True, [{"VariantPropertyType": "DataCaptureConfig"}], "s3://lake/second"),
    ],
)
def test_data_capture_is_the_configurations_unless_an_update_retains_it(
    sm, catalog, retains, excluded, destination
):
    make_model(sm)
    _with_capture(sm, "first", DestinationS3Uri="s3://lake/first")
    _with_capture(sm, "second", DestinationS3Uri="s3://lake/second")
    sm.create_endpoint(EndpointName="Scoring", EndpointConfigName="first")
    answer = sm.describe_endpoint(EndpointName="Scoring")
    assert answer["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 5,
        "DestinationS3Uri": "s3://lake/first",
        "KmsKeyId": "",
    }
    sm.update_endpoint(
        EndpointName="Scoring",
        EndpointConfigName="second",
        RetainAllVariantProperties=retains,
        ExcludeRetainedVariantProperties=excluded,
    )
    answer = sm.describe_endpoint(EndpointName="Scoring")
    assert answer["DataCaptureConfig"]["DestinationS3Uri"] == destination


def test_an_endpoint_without_data_capture_shows_none(sm, catalog):
    make_model(sm)
    _with_capture(sm, "first")
    sm.create_endpoint(EndpointName="Scoring", EndpointConfigName="first")
    assert "DataCaptureConfig" not in sm.describe_endpoint(EndpointName="Scoring")


@pytest.mark.parametrize(
    "destination",
    [
        "s3://other/captures",
        "s3://lake-of-mine/x",
        "s3://lak",
        "https://lake/x",
        "s3://Lake/x",
    ],
)
def test_data_capture_writes_only_where_the_stage_allows_it(sm, destination):
    make_model(sm)
    config = partial(_with_capture, sm, "captured", DestinationS3Uri=destination)

    text = refused(config)

    for words in (
        f"Value '{destination}' at 'dataCaptureConfig.destinationS3Uri'",
        "s3://lake/, s3://captures/",
        "models.capture_buckets",
    ):
        assert words in text
    _with_capture(sm, "off", DestinationS3Uri=destination, EnableCapture=False)
    _with_capture(sm, "whole", DestinationS3Uri="s3://captures")
    _with_capture(sm, "below", DestinationS3Uri="s3://captures/a/b/")
