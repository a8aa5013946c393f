"""A model's whole life on the deployed platform, by boto3's own clients."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pytest
from botocore.exceptions import ClientError

from larder.models.tag_rules import SALT
from tests.e2e.conftest import DeployedPlatform
from tests.support import boosters
from tests.support.deadlines import eventually
from tests.support.model_files import old_binary, packed

pytestmark = pytest.mark.e2e
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
OWN_IMAGE = "larder-xgboost:1"
ROWS, _ = boosters.data()


@contextmanager
def heard(platform: DeployedPlatform, pattern: dict[str, Any]) -> Iterator[Callable[[], Any]]:
    """What arrives on the default bus meanwhile: a function that gives the details so far."""
    name = f"heard-{uuid.uuid4().hex[:8]}"
    sqs, events = platform.client("sqs"), platform.client("events")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": found["QueueArn"],
    }
    policy = orjson.dumps({"Version": "2012-10-17", "Statement": [allow]}).decode()
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    events.put_rule(Name=name, EventPattern=orjson.dumps(pattern).decode())
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": found["QueueArn"]}])
    details: list[Any] = []

    def so_far() -> list[Any]:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10)
        details.extend(orjson.loads(each["Body"])["detail"] for each in answer.get("Messages", []))
        return details

    yield so_far
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=queue)


@dataclass(frozen=True)
class Models:
    """The platform's models: clients, and the bucket that artefacts are uploaded to."""

    control: Any
    runtime: Any
    s3: Any
    bucket: str

    def upload(self, name: str, *entries: tuple[str, bytes]) -> str:
        key = f"model-data/{name}/model.tar.gz"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=packed(*entries))
        return f"s3://{self.bucket}/{key}"

    def model(self, name: str, data: str, image: str = IMAGE, **container: Any) -> str:
        found = self.control.create_model(
            ModelName=name,
            PrimaryContainer={"Image": image, "ModelDataUrl": data, **container},
            ExecutionRoleArn="arn:aws:iam::000000000000:role/sagemaker",
        )
        return str(found["ModelArn"])

    def endpoint(self, name: str, *models: tuple[str, float], **members: Any) -> None:
        variants = [
            {
                "VariantName": f"v{place}",
                "ModelName": model,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": weight,
            }
            for place, (model, weight) in enumerate(models)
        ]
        self.control.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
        self.control.create_endpoint(EndpointName=name, EndpointConfigName=name, **members)
        self.control.get_waiter("endpoint_in_service").wait(
            EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )

    def config_of_seed(self, prefix: str, seed: int) -> str:
        """A new configuration whose only variant, ``v<seed>``, serves the model of a seed."""
        name = f"{prefix}-{uuid.uuid4().hex[:6]}"
        self.model(name, self.upload(name, ("m", boosters.ubj(seed=seed))))
        variant = {
            "VariantName": f"v{seed}",
            "ModelName": name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        self.control.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        return name

    def csv(self, endpoint: str, rows: Any, **headers: Any) -> list[float]:
        body = "\n".join(",".join(repr(float(value)) for value in row) for row in rows)
        answer = self.runtime.invoke_endpoint(
            EndpointName=endpoint, Body=body, ContentType="text/csv", **headers
        )
        return [float(line) for line in answer["Body"].read().decode().split()]

    def json(self, endpoint: str, instances: list[dict[str, Any]]) -> list[float]:
        answer = self.runtime.invoke_endpoint(
            EndpointName=endpoint,
            Body=orjson.dumps({"instances": instances}),
            ContentType="application/json",
            Accept="application/json",
        )
        return [each["score"] for each in orjson.loads(answer["Body"].read())["predictions"]]


@pytest.fixture(scope="module")
def models(platform: DeployedPlatform) -> Models:
    return Models(
        platform.client("sagemaker"),
        platform.client("sagemaker-runtime"),
        platform.client("s3"),
        platform.outputs["OfflineBucketName"],
    )


@pytest.fixture
def name() -> str:
    return f"Model-{uuid.uuid4().hex[:8]}"


def refusal(call: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**members)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_model_is_registered_deployed_invoked_and_deleted(models: Models, name: str) -> None:
    """Row 1 of the acceptance list, and 18, 31: what it serves does not depend on its makers."""
    data = models.upload(name, ("xgboost-model", old_binary()))
    assert models.model(name, data).endswith(f":model/{name.lower()}")
    started = time.monotonic()
    models.endpoint(name, (name, 1.0))
    print(f"InService after {time.monotonic() - started:.1f} s")

    expected = boosters.predict(boosters.booster(), ROWS[:20])
    assert models.csv(name, ROWS[:20]) == expected
    described = models.control.describe_endpoint(EndpointName=name)
    assert described["EndpointStatus"] == "InService"
    assert "@sha256:" in described["ProductionVariants"][0]["DeployedImages"][0]["ResolvedImage"]
    listed = models.control.list_endpoints(NameContains=name)["Endpoints"]
    assert [each["EndpointName"] for each in listed] == [name]

    models.s3.delete_object(Bucket=models.bucket, Key=f"model-data/{name}/model.tar.gz")
    models.control.delete_endpoint_config(EndpointConfigName=name)
    models.control.delete_model(ModelName=name)
    assert models.csv(name, ROWS[:20]) == expected

    models.control.delete_endpoint(EndpointName=name)
    models.control.get_waiter("endpoint_deleted").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5}
    )
    assert "not found" in eventually(lambda: _refused(models, name), seconds=20)


def _refused(models: Models, endpoint: str) -> str | None:
    """Why an endpoint answers no more; ``None`` while it does, from settings of 5 s ago."""
    try:
        models.csv(endpoint, ROWS[:1])
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return None


@pytest.fixture
def customers(platform: DeployedPlatform) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """A group of twenty customers with two features each."""
    control, runtime = (
        platform.client("sagemaker"),
        platform.client("sagemaker-featurestore-runtime"),
    )
    group = f"customers-{uuid.uuid4().hex[:8]}"
    control.create_feature_group(
        FeatureGroupName=group,
        RecordIdentifierFeatureName="customer_id",
        EventTimeFeatureName="at",
        FeatureDefinitions=[
            {"FeatureName": "customer_id", "FeatureType": "String"},
            {"FeatureName": "at", "FeatureType": "String"},
            {"FeatureName": "spend", "FeatureType": "Fractional"},
            {"FeatureName": "visits", "FeatureType": "Fractional"},
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
    )
    values = {f"c{place}": [float(each) for each in row[:2]] for place, row in enumerate(ROWS[:20])}
    for customer, (spend, visits) in values.items():
        record = {"customer_id": customer, "at": "2026-01-01T00:00:00Z"}
        record |= {"spend": repr(spend), "visits": repr(visits)}
        runtime.put_record(
            FeatureGroupName=group,
            Record=[{"FeatureName": k, "ValueAsString": v} for k, v in record.items()],
        )
    yield group, values
    control.delete_feature_group(FeatureGroupName=group)


def _spec(group: str) -> bytes:
    return orjson.dumps(
        {
            "version": 1,
            "unit": "customer_id",
            "inputs": [
                {"name": "spend", "feature_group": group},
                {"name": "visits", "feature_group": group},
                {"name": "amount", "source": "request", "type": "Fractional"},
            ],
        }
    )


def test_instances_by_key_alone_score_as_the_offline_computation(
    models: Models, name: str, customers: tuple[str, dict[str, list[float]]]
) -> None:
    """Row 59: the features are looked up at the invocation."""
    group, values = customers
    data = models.upload(name, ("m", boosters.ubj()), ("larder/features.json", _spec(group)))
    models.model(name, data, OWN_IMAGE)
    models.endpoint(name, (name, 1.0))

    instances = [
        {"customer_id": customer, "amount": float(ROWS[place][2])}
        for place, customer in enumerate(values)
    ]
    expected = boosters.predict(
        boosters.booster(),
        [[*values[each["customer_id"]], each["amount"]] for each in instances],
    )
    assert np.allclose(models.json(name, instances), expected, atol=1e-6)
    models.control.delete_endpoint(EndpointName=name)


def test_two_variants_are_weighed_and_an_update_takes_the_place_of_both(
    models: Models, name: str
) -> None:
    first = boosters.predict(boosters.booster(seed=1), ROWS[:3])
    second = boosters.predict(boosters.booster(seed=2), ROWS[:3])
    for place, seed in enumerate((1, 2)):
        data = models.upload(f"{name}-{place}", ("m", boosters.ubj(seed=seed)))
        models.model(f"{name}-{place}", data)
    tags = [{"Key": SALT, "Value": "one"}]
    models.endpoint(name, (f"{name}-0", 1.0), (f"{name}-1", 0.0), Tags=tags)

    assert models.csv(name, ROWS[:3]) == first
    assert models.csv(name, ROWS[:3], TargetVariant="v1") == second
    weights = [
        {"VariantName": "v0", "DesiredWeight": 0.0},
        {"VariantName": "v1", "DesiredWeight": 1.0},
    ]
    models.control.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=weights
    )
    eventually(lambda: models.csv(name, ROWS[:3]) == second, seconds=20)

    variant = {
        "VariantName": "only",
        "ModelName": f"{name}-0",
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
    }
    models.control.create_endpoint_config(
        EndpointConfigName=f"{name}-next", ProductionVariants=[variant]
    )
    models.control.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-next")
    described = models.control.describe_endpoint(EndpointName=name)
    assert described["EndpointConfigName"] == f"{name}-next"
    eventually(lambda: models.csv(name, ROWS[:3]) == first, seconds=20)
    arn = described["EndpointArn"]
    assert models.control.list_tags(ResourceArn=arn)["Tags"] == tags
    models.control.delete_endpoint(EndpointName=name)


def test_an_endpoint_says_on_the_default_bus_what_becomes_of_it(
    platform: DeployedPlatform, models: Models, name: str
) -> None:
    data = models.upload(name, ("m", boosters.ubj()))
    pattern = {"source": ["larder"], "detail": {"EndpointName": [name]}}
    with heard(platform, pattern) as so_far:
        models.model(name, data)
        models.endpoint(name, (name, 1.0))
        wanted = {"CREATING", "IN_SERVICE"}
        eventually(lambda: {each["EndpointStatus"] for each in so_far()} >= wanted)
    models.control.delete_endpoint(EndpointName=name)


def test_what_cannot_be_served_is_refused_in_words(models: Models, name: str) -> None:
    junk = models.upload(name, ("xgboost-model", b"\x01\x02" * 4000))
    pickled = models.upload(f"{name}-p", ("xgboost-model", b"\x80\x04\x95junk"))
    cases = {
        junk: "the file is damaged|no form that Larder runs|can't be served",
        pickled: "is a pickle",
        f"s3://{models.bucket}/model-data/none.tar.gz": "does not exist",
        f"s3://{models.bucket}/offline/x.tar.gz": "outside the places",
    }
    for data, words in cases.items():
        code, text = refusal(models.model, name=name, data=data)
        assert code == "ValidationException"
        assert any(each in text for each in words.split("|")), text
    assert models.control.list_models(NameContains=name)["Models"] == []


@pytest.mark.parametrize(
    "operation", ["invoke_endpoint_async", "invoke_endpoint_with_response_stream"]
)
def test_other_ways_to_invoke_are_refused_with_the_cure(models: Models, operation: str) -> None:
    members = (
        {"InputLocation": "s3://x/y"} if operation == "invoke_endpoint_async" else {"Body": b"1"}
    )
    code, text = refusal(getattr(models.runtime, operation), EndpointName="any", **members)

    assert code == "ValidationError"
    assert "InvokeEndpoint" in text or "transform job" in text
