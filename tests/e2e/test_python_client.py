"""The Python client on the deployed platform: found by the parameter, allowed by IAM alone."""

import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import larder
from larder import DynamoRefused
from larder.client.records import RecordsClient
from local.layout import ACCOUNT, REGION
from tests.conformance.store import definitions
from tests.e2e.conftest import ROOT, Credentials, DeployedPlatform
from tests.e2e.test_clients import run_example

pytestmark = pytest.mark.e2e
AT = "2024-01-01T00:00:00Z"
READS = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
WRITES = ["dynamodb:PutItem", "dynamodb:UpdateItem"]


@pytest.fixture(scope="module", params=["Standard", "InMemory"])
def group(platform: DeployedPlatform, request: pytest.FixtureRequest) -> Iterator[str]:
    """A group with an online store."""
    name, control = f"direct-{uuid.uuid4().hex[:8]}", platform.client("sagemaker")
    control.create_feature_group(
        FeatureGroupName=name,
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=definitions({"id": "String", "at": "String", "clicks": "Integral"}),
        OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": request.param},
    )
    yield name
    control.delete_feature_group(FeatureGroupName=name)


def user(platform: DeployedPlatform, actions: list[str]) -> Credentials:
    """A user who may find the platform, and do these actions on its records."""
    iam, name = platform.client("iam"), f"direct-{uuid.uuid4().hex[:8]}"
    tables = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table"
    records, registry = platform.outputs["RecordsTableName"], platform.outputs["RegistryTableName"]
    parameter = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/larder/dev/client"
    allowed = [
        ("ssm:GetParameter", parameter),
        ("dynamodb:GetItem", f"{tables}/{registry}"),
        (actions, f"{tables}/{records}"),
    ]
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed]
    iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName=name,
        PolicyName="direct",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture
def connect(platform: DeployedPlatform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Connects as a program of these credentials does; closes what it opened."""
    opened: list[larder.Platform] = []
    for name, value in platform.environment.items():
        monkeypatch.setenv(name, value)

    def make(credentials: Credentials = ROOT) -> larder.Platform:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
        opened.append(larder.connect("dev"))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_the_client_and_the_api_see_each_others_writes(
    platform: DeployedPlatform, connect: Any, group: str
) -> None:
    runtime = platform.client("sagemaker-featurestore-runtime")
    with connect(user(platform, READS + WRITES)) as deployed:
        store = deployed.records
        store.put(group, {"id": "near", "at": AT, "clicks": 1})
        over_http = runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="near")
        direct = store.as_boto3().get_record(
            FeatureGroupName=group, RecordIdentifierValueAsString="near"
        )
        assert over_http["Record"] == direct["Record"]
        values = {"id": "far", "at": AT, "clicks": "2"}
        record = [{"FeatureName": k, "ValueAsString": v} for k, v in values.items()]
        runtime.put_record(FeatureGroupName=group, Record=record)
        assert store.get_many(group, ["far", "nobody", "near"], ["clicks"]) == [
            {"clicks": 2},
            None,
            {"clicks": 1},
        ]
        assert set(store.list(group)) >= {"near", "far"}


def test_the_environment_names_the_same_stores(
    platform: DeployedPlatform, connect: Any, group: str
) -> None:
    connect().records.put(group, {"id": "named", "at": AT, "clicks": 3})
    with larder.connect() as deployed:
        assert deployed.records.get(group, "named", ["clicks"], consistency="eventual") == {
            "clicks": 3
        }


def test_what_iam_does_not_allow_is_refused(
    platform: DeployedPlatform, connect: Any, group: str
) -> None:
    reader = connect(user(platform, READS)).records
    assert reader.get(group, "unwritten") is None
    with pytest.raises(DynamoRefused, match="AccessDenied"):
        reader.put(group, {"id": "unwritten", "at": AT})
    runtime = reader.as_boto3()
    with pytest.raises(ClientError) as refused:
        runtime.delete_record(
            FeatureGroupName=group, RecordIdentifierValueAsString="unwritten", EventTime=AT
        )
    assert "AccessDenied" in refused.value.response["Error"]["Code"]
    assert reader.get(group, "unwritten") is None


def test_threads_and_an_event_loop_share_a_store(
    platform: DeployedPlatform, connect: Any, group: str
) -> None:
    with connect() as deployed:
        store = deployed.records
        names = [f"shared-{n}" for n in range(100)]
        with ThreadPoolExecutor(16) as threads:
            puts = [
                threads.submit(store.put, group, {"id": name, "at": AT, "clicks": n})
                for n, name in enumerate(names)
            ]
            assert [put.result() for put in puts] == [None] * 100

        async def read() -> list[Any]:
            reader = larder.aio.AsyncPlatform(deployed).records
            return await asyncio.gather(*(reader.get(group, n, ["clicks"]) for n in names))

        assert asyncio.run(read()) == [{"clicks": n} for n in range(100)]


def _read_in_child(store: RecordsClient, group: str, answers: Any) -> None:
    answers.put([store.get(group, "parent", ["clicks"]) for _ in range(20)])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_reads_beside_its_parent(
    platform: DeployedPlatform, connect: Any, group: str
) -> None:
    fork = multiprocessing.get_context("fork")
    with connect() as deployed:
        store = deployed.records
        store.put(group, {"id": "parent", "at": AT, "clicks": 5})
        answers = fork.Queue()
        child = fork.Process(target=_read_in_child, args=(store, group, answers))
        child.start()
        assert [store.get(group, "parent", ["clicks"]) for _ in range(20)] == [{"clicks": 5}] * 20
        assert answers.get(timeout=60) == [{"clicks": 5}] * 20
        child.join(timeout=60)
        assert child.exitcode == 0


def test_the_example_runs(platform: DeployedPlatform) -> None:
    done = run_example(platform, "examples.python_client")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "typed        {'carrier': 'ZZ'" in done.stdout
    assert "100 reads, all {'flights_24h': 12}" in done.stdout
    assert "deleted      None" in done.stdout


def test_one_platform_does_a_whole_round(platform: DeployedPlatform, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.python_round", str(tmp_path)],
        env={**os.environ, **platform.environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("word", ["strong", "eventual", "sometimes"])
def test_over_http_a_header_says_what_a_read_may_miss(
    platform: DeployedPlatform, connect: Any, group: str, word: str
) -> None:
    connect().records.put(group, {"id": "asked", "at": AT})
    runtime = platform.client("sagemaker-featurestore-runtime")

    def ask(request: Any, **_: Any) -> None:
        request.headers["x-larder-consistency"] = word

    runtime.meta.events.register("before-sign", ask)
    asked = {"FeatureGroupName": group, "RecordIdentifierValueAsString": "asked"}
    if word == "sometimes":
        with pytest.raises(runtime.exceptions.ValidationError, match="x-larder-consistency"):
            runtime.get_record(**asked)
    else:
        assert runtime.get_record(**asked)["Record"]
