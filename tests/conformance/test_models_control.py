"""The control plane of models: members, errors, lists, tags, waiters, configurations and endpoints."""

import hashlib
import json
import re
import time

import boto3
import pytest
from botocore.exceptions import WaiterError

from tests.conformance.model_store import IMAGE, ROWS, SERVERLESS, SOON, csv, variant
from tests.conformance.refusals import refusal
from tests.conformance.waiting import eventually
from tests.support import boosters

FIVE = ROWS[:5]
KINDS = {
    "model": ("model", "ModelName", "create_model"),
    "endpoint_config": ("endpoint-config", "EndpointConfigName", "create_endpoint_config"),
    "endpoint": ("endpoint", "EndpointName", "create_endpoint"),
}
WORDS = {"endpoint_config": "endpoint configuration"}
LISTS = {
    "list_models": ("Models", "ModelName"),
    "list_endpoint_configs": ("EndpointConfigs", "EndpointConfigName"),
    "list_endpoints": ("Endpoints", "EndpointName"),
}


def refused(call, **members):
    """The text of the ValidationException that a call is answered with."""
    error = refusal(call, **members).response
    assert error["Error"]["Code"] == "ValidationException", error
    return error["Error"]["Message"]


def creation(models, kind, name, model):
    """The members that create one of a kind."""
    if kind == "model":
        return {"ModelName": name, **models.request(models.archive())}
    if kind == "endpoint_config":
        return {"EndpointConfigName": name, "ProductionVariants": [variant(model)]}
    return {"EndpointName": name, "EndpointConfigName": models.config(variant(model))}


def test_row_201_207_a_models_whole_life(models):
    name, model = models.names("Life"), models.model()
    config = models.config(variant(model))
    models.sm.create_endpoint(EndpointName=name, EndpointConfigName=config)
    models.wait(name)
    assert models.scores(name) == boosters.predict(boosters.booster(), FIVE)
    models.sm.delete_endpoint(EndpointName=name)
    gone = models.sm.get_waiter("endpoint_deleted")
    gone.wait(EndpointName=name, WaiterConfig=SOON)
    models.sm.delete_endpoint_config(EndpointConfigName=config)
    models.sm.delete_model(ModelName=model)
    text = refused(models.sm.describe_model, ModelName=model)
    assert f'Could not find model "{models.prefix("model")}{model.lower()}"' in text


def test_row_207_a_waiter_for_what_does_not_exist_ends(models):
    with pytest.raises(WaiterError):
        models.sm.get_waiter("endpoint_in_service").wait(EndpointName="none", WaiterConfig=SOON)


def operations():
    """Every operation, with members that are required and one that breaks a rule of its shape."""
    odd, long = "no name!", "x" * 64
    texts = {
        **dict.fromkeys(("CreateModel", "DescribeModel", "DeleteModel"), "ModelName"),
        **dict.fromkeys(
            ("CreateEndpointConfig", "DescribeEndpointConfig", "DeleteEndpointConfig"),
            "EndpointConfigName",
        ),
        **dict.fromkeys(
            (
                *("CreateEndpoint", "DescribeEndpoint", "DeleteEndpoint", "UpdateEndpoint"),
                "UpdateEndpointWeightsAndCapacities",
            ),
            "EndpointName",
        ),
    }
    for operation, member in texts.items():
        yield operation, member, odd
        yield operation, member, long
    for operation in ("ListModels", "ListEndpointConfigs", "ListEndpoints"):
        yield operation, "SortBy", "Colour"
        yield operation, "SortOrder", "Sideways"
        yield operation, "MaxResults", 101
        yield operation, "NameContains", odd
        yield operation, "NextToken", "x" * 8193
    yield "ListEndpoints", "StatusEquals", "Asleep"


@pytest.mark.parametrize(("operation", "member", "value"), list(operations()))
def test_row_203_what_boto3_lets_through_is_refused_by_the_server(models, operation, member, value):
    required = {
        "CreateEndpointConfig": {"EndpointConfigName": "c", "ProductionVariants": [variant("m")]},
        "CreateEndpoint": {"EndpointName": "e", "EndpointConfigName": "c"},
        "UpdateEndpoint": {"EndpointName": "e", "EndpointConfigName": "c"},
        "UpdateEndpointWeightsAndCapacities": {
            "EndpointName": "e",
            "DesiredWeightsAndCapacities": [{"VariantName": "v"}],
        },
    }.get(operation, {})
    call = getattr(models.sm, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
    shown = member[0].lower() + member[1:]
    assert f"'{shown}'" in refused(call, **required | {member: value})


def test_row_204_refused_members_are_named_with_reason_and_cure(models, regression):
    container = {"Image": IMAGE, "ModelDataUrl": models.archive()}
    more = {
        "ImageConfig": {"RepositoryAccessMode": "Platform"},
        "MultiModelConfig": {"ModelCacheSetting": "Enabled"},
        "InferenceSpecificationName": "x",
        "AdditionalModelDataSources": [
            {
                "ChannelName": "a",
                "S3DataSource": {
                    "S3Uri": "s3://a/b",
                    "S3DataType": "S3Prefix",
                    "CompressionType": "None",
                },
            }
        ],
    }
    for member, value in more.items():
        given = {"ModelName": "m", "PrimaryContainer": container | {member: value}}
        text = refused(models.sm.create_model, **given)
        assert member.lower() in text.lower()
        assert len(text) > 80
    configs = {
        "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://a/b"}},
        "ExplainerConfig": {},
    }
    for member, value in configs.items():
        given = {"EndpointConfigName": "c", "ProductionVariants": [variant(regression)]}
        assert (
            member.lower()
            in refused(models.sm.create_endpoint_config, **given, **{member: value}).lower()
        )
    kinds = {"AcceleratorType": "ml.eia1.medium", "CoreDumpConfig": {"DestinationS3Uri": "s3://a"}}
    for member, value in kinds.items():
        given = [variant(regression, **{member: value})]
        text = refused(
            models.sm.create_endpoint_config, EndpointConfigName="c", ProductionVariants=given
        )
        assert member.lower() in text.lower()


def test_row_205_226_echoed_members_come_back_unchanged(models, regression, store):
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    shared = {"VpcConfig": vpc, "EnableNetworkIsolation": True, "ExecutionRoleArn": store.role}
    first = variant(
        regression,
        "first",
        2.5,
        VolumeSizeInGB=10,
        ModelDataDownloadTimeoutInSeconds=600,
        ContainerStartupHealthCheckTimeoutInSeconds=600,
        RoutingConfig={"RoutingStrategy": "RANDOM"},
        ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2},
    )
    second = variant(regression, "second", ServerlessConfig=SERVERLESS)
    del second["InitialVariantWeight"]
    name = models.config(first, second, **shared)
    described = models.sm.describe_endpoint_config(EndpointConfigName=name)
    assert described["ProductionVariants"] == [first, second | {"InitialVariantWeight": 1.0}]
    assert {each: described[each] for each in shared} == shared
    arn = models.prefix("endpoint-config")
    assert described["EndpointConfigArn"] == f"{arn}{name.lower()}"


@pytest.mark.parametrize("kind", KINDS)
def test_row_206_what_does_not_exist_is_not_found_by_its_arn(models, kind):
    part, member, _ = KINDS[kind]
    arn = f"{models.prefix(part)}no-such"
    for verb in ("describe", "delete"):
        text = refused(getattr(models.sm, f"{verb}_{kind}"), **{member: "No-Such"})
        assert f'Could not find {WORDS.get(kind, kind)} "{arn}".' in text


@pytest.mark.parametrize("kind", KINDS)
def test_row_206_a_name_is_taken_once_by_its_arn(models, regression, kind):
    part, _, create = KINDS[kind]
    name = models.names("Twice")
    members = creation(models, kind, name, regression)
    getattr(models.sm, create)(**members)
    text = refused(getattr(models.sm, create), **members)
    arn = f"{models.prefix(part)}{name.lower()}"
    assert f'Cannot create already existing {WORDS.get(kind, kind)} "{arn}"' in text


@pytest.fixture(scope="module")
def several(models, regression):
    """Three of each kind, whose names have a word in common."""
    word = models.names("Many")
    for number in range(3):
        for kind, (_, _, create) in KINDS.items():
            name = f"{word}-{number}"
            members = creation(models, kind, name, regression)
            getattr(models.sm, create)(**members)
    return word


@pytest.mark.parametrize("operation", LISTS)
def test_row_208_a_paginator_sees_all_once(models, several, operation):
    key, name = LISTS[operation]
    pages = list(
        models.sm.get_paginator(operation).paginate(
            NameContains=several, PaginationConfig={"PageSize": 1}
        )
    )
    found = [each[name] for page in pages for each in page[key]]
    assert sorted(found) == [f"{several}-{number}" for number in range(3)]
    assert "NextToken" not in pages[-1]
    assert refused(getattr(models.sm, operation), NextToken="junk")


@pytest.mark.parametrize("operation", LISTS)
def test_row_209_lists_are_filtered_and_sorted(models, several, operation):
    key, name = LISTS[operation]

    def listed(**members):
        found = getattr(models.sm, operation)(NameContains=several, **members)[key]
        return [each[name][-1] for each in found]

    assert listed() == ["2", "1", "0"]
    assert listed(SortBy="Name", SortOrder="Ascending") == ["0", "1", "2"]
    assert listed(SortBy="CreationTime", SortOrder="Ascending") == ["0", "1", "2"]
    assert listed(MaxResults=2, SortBy="Name", SortOrder="Descending") == ["2", "1"]
    now = time.time()
    assert listed(CreationTimeAfter=now + 60) == []
    assert len(listed(CreationTimeBefore=now + 60, CreationTimeAfter=now - 3600)) == 3
    if operation == "list_endpoints":
        assert len(listed(StatusEquals="InService")) == 3
        assert listed(StatusEquals="Failed") == []
        assert listed(LastModifiedTimeAfter=now + 60) == []


@pytest.mark.parametrize("kind", KINDS)
def test_row_210_tags_are_added_listed_and_deleted(models, several, kind):
    arn = f"{models.prefix(KINDS[kind][0])}{several.lower()}-0"
    models.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    models.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    listed = models.sm.list_tags(ResourceArn=arn, MaxResults=50)["Tags"]
    assert listed == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    models.sm.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert models.sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ModelName": "none"}, 'Could not find model "'),
        ({"InitialVariantWeight": 0.0}, "eight"),
        ({"InstanceType": "ml.none.large"}, "'productionVariants.1.member.instanceType'"),
        ({"ServerlessConfig": {"MemorySizeInMB": 7168, "MaxConcurrency": 1}}, "memorySizeInMB"),
        ({"ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 1}}, "2048"),
        ({"ServerlessConfig": SERVERLESS, "InstanceType": "ml.m5.large"}, "instanceType"),
    ],
)
def test_row_224_225_a_variant_that_cannot_be_is_refused(models, regression, changes, words):
    given = variant(regression, **changes) | changes
    name = models.names("config")
    text = refused(
        models.sm.create_endpoint_config, EndpointConfigName=name, ProductionVariants=[given]
    )
    assert words in text
    assert "Could not find" in refused(models.sm.describe_endpoint_config, EndpointConfigName=name)


def test_row_224_variants_have_names_of_their_own_and_machines_or_none(models, regression):
    twice = [variant(regression), variant(regression)]
    assert refused(
        models.sm.create_endpoint_config, EndpointConfigName="c", ProductionVariants=twice
    )
    bare = [{"VariantName": "v", "ModelName": regression}]
    assert refused(
        models.sm.create_endpoint_config, EndpointConfigName="c", ProductionVariants=bare
    )


def test_row_227_229_an_endpoint_is_in_service_at_the_first_look(models, regression):
    name = models.start(variant(regression, "v", 2.0, InitialInstanceCount=3))
    described = models.sm.describe_endpoint(EndpointName=name)
    assert described["EndpointStatus"] == "InService"
    assert described["EndpointName"] == name
    assert described["EndpointArn"] == f"{models.prefix('endpoint')}{name.lower()}"
    (only,) = described["ProductionVariants"]
    assert (only["CurrentWeight"], only["DesiredWeight"]) == (2.0, 2.0)
    assert (only["CurrentInstanceCount"], only["DesiredInstanceCount"]) == (3, 3)
    (image,) = only["DeployedImages"]
    assert image["SpecifiedImage"] == IMAGE
    assert image["ResolvedImage"].startswith(f"{IMAGE.partition(':')[0]}")
    assert "@sha256:" in image["ResolvedImage"]


@pytest.fixture
def lost(models):
    """A model whose file the platform's bucket has lost."""
    data = boosters.ubj(rounds=5, seed=int.from_bytes(models.names("x").encode()) % 10_000)
    model = models.model(models.archive(("xgboost-model", data)))
    key = f"models/{hashlib.sha256(data).hexdigest()}"
    models.s3.delete_object(Bucket=models.bucket, Key=key)
    return model


def test_row_228_an_endpoint_whose_model_does_not_load_has_failed_with_the_reason(models, lost):
    name = models.start(variant(lost))
    with pytest.raises(WaiterError):
        models.wait(name)
    described = models.sm.describe_endpoint(EndpointName=name)
    assert described["EndpointStatus"] == "Failed"
    assert len(described["FailureReason"]) > 20


@pytest.fixture
def two(models):
    """An endpoint of two variants, of which the second gets nothing."""
    made = [models.model(models.archive(("m", boosters.ubj(seed=seed)))) for seed in (1, 2)]
    return models.serve(variant(made[0], "a", 1.0), variant(made[1], "b", 0.0))


def own(seed):
    return boosters.predict(boosters.booster(seed=seed), FIVE)


def weights(models, name, **given):
    return models.sm.update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[
            {"VariantName": variant_name, **members} for variant_name, members in given.items()
        ],
    )


def test_row_232_240_241_weights_move_traffic_and_the_rest_stays(models, two, target):
    assert models.scores(two) == own(1)
    weights(models, two, a={"DesiredWeight": 0.0}, b={"DesiredWeight": 3.0})
    models.wait(two)
    variants = models.sm.describe_endpoint(EndpointName=two)["ProductionVariants"]
    assert [each["CurrentWeight"] for each in variants] == [0.0, 3.0]
    eventually(lambda: models.scores(two) == own(2), seconds=target.settings_seconds)
    weights(models, two, a={"DesiredInstanceCount": 4})
    variants = models.sm.describe_endpoint(EndpointName=two)["ProductionVariants"]
    assert [each["CurrentWeight"] for each in variants] == [0.0, 3.0]
    assert variants[0]["DesiredInstanceCount"] == 4


def test_row_240_weights_that_cannot_be_change_nothing(models, two):
    before = models.sm.describe_endpoint(EndpointName=two)["ProductionVariants"]
    assert "not present within endpoint configuration" in refused(
        weights, models=models, name=two, c={"DesiredWeight": 1.0}
    )
    twice = [{"VariantName": "a", "DesiredWeight": 1.0}] * 2
    text = refused(
        models.sm.update_endpoint_weights_and_capacities,
        EndpointName=two,
        DesiredWeightsAndCapacities=twice,
    )
    assert "non-unique within the request" in text
    assert models.sm.describe_endpoint(EndpointName=two)["ProductionVariants"] == before


@pytest.mark.parametrize("kept", [True, False])
def test_row_233_235_an_update_keeps_weights_where_asked(models, two, kept):
    weights(models, two, b={"DesiredWeight": 4.0})
    described = models.sm.describe_endpoint(EndpointName=two)
    config = models.sm.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    following = models.config(*config["ProductionVariants"])
    models.sm.update_endpoint(
        EndpointName=two, EndpointConfigName=following, RetainAllVariantProperties=kept
    )
    models.wait(two)
    described = models.sm.describe_endpoint(EndpointName=two)
    assert described["EndpointConfigName"] == following
    found = [each["CurrentWeight"] for each in described["ProductionVariants"]]
    assert found == ([1.0, 4.0] if kept else [1.0, 0.0])


def test_row_230_a_deleted_endpoint_is_not_found(models, regression, target):
    name = models.serve(variant(regression))
    models.sm.delete_endpoint(EndpointName=name)
    assert "Could not find endpoint" in refused(models.sm.describe_endpoint, EndpointName=name)

    def said():
        try:
            models.scores(name)
        except models.rt.exceptions.ValidationError as error:
            return str(error)
        return ""

    assert "not found" in eventually(said, seconds=target.settings_seconds)


def test_row_202_the_right_to_invoke_is_of_one_endpoint(models, endpoint, regression, store):
    other = models.serve(variant(regression))
    iam, user = boto3.client("iam"), store.name("invoker")
    iam.create_user(UserName=user)
    allowed = {
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": f"arn:aws:execute-api:*:*:*/*/POST/endpoints/{endpoint}/invocations",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName=user, PolicyName="one", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    rt = boto3.client(
        "sagemaker-runtime",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    given = {"Body": csv(FIVE), "ContentType": "text/csv"}
    answer = rt.invoke_endpoint(EndpointName=endpoint, **given)
    assert len(answer["Body"].read().decode().split()) == len(FIVE)
    error = refusal(rt.invoke_endpoint, EndpointName=other, **given)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=user, PolicyName="one")
    iam.delete_user(UserName=user)
    rt.close()
    iam.close()
