"""Requests of an endpoint on the deployed platform, and what is recorded of them."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from larder.client.experiments import ExperimentsClient
from larder.models.adapters.athena_rows import AthenaRows
from larder.offline.adapters.athena import AthenaQueries
from larder.wiring.experiments import Experiments
from tests.e2e.conftest import DeployedPlatform
from tests.support import boosters
from tests.support.deadlines import eventually
from tests.support.model_files import packed

pytestmark = pytest.mark.e2e
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
ROWS, _ = boosters.data()
REQUESTS = 100


@dataclass(frozen=True)
class Exposed:
    """Clients of a platform with an endpoint, and what reads its exposures."""

    platform: DeployedPlatform
    name: str
    rows: AthenaRows

    def invoke(self, number: int) -> float:
        body = ",".join(repr(float(value)) for value in ROWS[number])
        answer = self.platform.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.name,
            Body=body,
            ContentType="text/csv",
            InferenceId=f"{self.name}-{number}",
            SessionId=f"u{number}",
        )
        return float(answer["Body"].read())

    def query(self, what: str, where: str = "") -> list[Any]:
        sql = f"SELECT {what} FROM exposures WHERE endpoint = '{self.name}' {where}"
        return list(self.rows.rows(sql))

    def recorded(self, count: int) -> list[Any] | None:
        """The rows once there are so many; ``None`` before."""
        if not self._is_made():
            return None
        found = self.query("inference_id, variant, shadow, scores[1]")
        return found if len(found) >= count else None

    def _is_made(self) -> bool:
        tables = self.platform.client("glue").get_tables(DatabaseName=self.rows.queries.database)
        return "exposures" in {each["Name"] for each in tables["TableList"]}


@pytest.fixture
def exposed(platform: DeployedPlatform) -> Exposed:
    """An endpoint with a shadow and data capture."""
    name, control = f"exposed-{uuid.uuid4().hex[:8]}", platform.client("sagemaker")
    bucket = platform.outputs["OfflineBucketName"]
    for seed, model in ((7, name), (8, f"{name}-shadow")):
        key = f"model-data/{model}/model.tar.gz"
        body = packed(("xgboost-model", boosters.ubj(seed=seed)))
        platform.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        control.create_model(
            ModelName=model,
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/{key}"},
            ExecutionRoleArn="arn:aws:iam::000000000000:role/sagemaker",
        )
    control.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[_variant("A", name)],
        ShadowProductionVariants=[_variant("Shadow", f"{name}-shadow")],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{bucket}/exposures/captures",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
        },
    )
    control.create_endpoint(EndpointName=name, EndpointConfigName=name)
    control.get_waiter("endpoint_in_service").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    athena = platform.client("athena")
    work_group, database = platform.outputs["WorkGroupName"], platform.outputs["DatabaseName"]
    return Exposed(platform, name, AthenaRows(athena, AthenaQueries(athena, work_group, database)))


def _variant(name: str, model: str) -> dict[str, Any]:
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }


def test_each_of_a_hundred_requests_is_one_row(exposed: Exposed) -> None:
    scores = {f"{exposed.name}-{n}": exposed.invoke(n) for n in range(REQUESTS)}
    rows = eventually(lambda: exposed.recorded(2 * REQUESTS), seconds=180)
    answered = [row for row in rows if row[2] == "0"]
    assert len(answered) == REQUESTS
    assert {row[1] for row in answered} == {"A"}
    assert {row[0]: float(row[3]) for row in answered} == scores

    shadowed = {row[0]: float(row[3]) for row in rows if row[2] == "1"}
    expected = boosters.predict(boosters.booster(seed=8), ROWS[:REQUESTS])
    assert shadowed == {f"{exposed.name}-{n}": each for n, each in enumerate(expected)}

    assert _captured(exposed) == set(scores)
    client = ExperimentsClient(Experiments(exposed.rows, exposed.rows.queries.database))
    report = client.report(exposed.name)
    assert report.units == REQUESTS
    assert [(each.name, each.exposures) for each in report.variants] == [
        ("A", REQUESTS),
        ("Shadow", REQUESTS),
    ]


def _captured(exposed: Exposed) -> set[str]:
    """Inference ids in the capture files, each of which has a row of input and a score."""
    s3, bucket = exposed.platform.client("s3"), exposed.platform.outputs["OfflineBucketName"]
    prefix = f"exposures/captures/{exposed.name}/A/"
    found = []
    for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        found += map(json.loads, body.splitlines())
    for each in found:
        float(each["captureData"]["endpointOutput"]["data"])
        assert each["captureData"]["endpointInput"]["encoding"] == "CSV"
    ids = [each["eventMetadata"]["inferenceId"] for each in found]
    assert len(ids) == len(set(ids))
    return set(ids)
