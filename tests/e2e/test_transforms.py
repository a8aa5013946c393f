"""Transform jobs on the deployed platform, by boto3's own clients."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import DeployedPlatform
from tests.e2e.test_models import IMAGE, ROWS
from tests.support import boosters
from tests.support.deadlines import eventually
from tests.support.model_files import packed

pytestmark = pytest.mark.e2e
OVER = {"Completed", "Failed", "Stopped"}


@dataclass(frozen=True)
class Jobs:
    """The platform's transform jobs, and a folder of its bucket for one test."""

    sm: Any
    s3: Any
    bucket: str
    folder: str

    def put(self, name: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=f"{self.folder}in/{name}", Body=body)

    def model(self, *boosters_: tuple[str, bytes]) -> str:
        name, key = f"m-{uuid.uuid4().hex[:8]}", f"model-data/{uuid.uuid4().hex}/model.tar.gz"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=packed(*boosters_))
        data = f"s3://{self.bucket}/{key}"
        self.sm.create_model(
            ModelName=name, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": data}
        )
        return name

    def start(self, model: str, **members: Any) -> str:
        name = f"job-{uuid.uuid4().hex[:8]}"
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/{self.folder}in/"}
        request = {
            "TransformJobName": name,
            "ModelName": model,
            "TransformInput": {
                "DataSource": {"S3DataSource": source},
                "ContentType": "text/csv",
                "SplitType": "Line",
            },
            "TransformOutput": {
                "S3OutputPath": f"s3://{self.bucket}/{self.folder}out",
                "Accept": "text/csv",
                "AssembleWith": "Line",
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        self.sm.create_transform_job(**request | members)
        return name

    def ended(self, name: str) -> dict[str, Any]:
        eventually(lambda: self.status(name) in OVER, seconds=120)
        return self.sm.describe_transform_job(TransformJobName=name)

    def status(self, name: str) -> str:
        return self.sm.describe_transform_job(TransformJobName=name)["TransformJobStatus"]

    def outputs(self) -> dict[str, bytes]:
        prefix = f"{self.folder}out/"
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return {each["Key"].removeprefix(prefix): self._body(each["Key"]) for each in found}

    def _body(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()


@pytest.fixture
def jobs(platform: DeployedPlatform) -> Jobs:
    return Jobs(
        platform.client("sagemaker"),
        platform.client("s3"),
        platform.outputs["OfflineBucketName"],
        f"transforms/{uuid.uuid4().hex[:8]}/",
    )


def lines(rows: Any) -> bytes:
    return "".join(",".join(map(str, map(float, row))) + "\n" for row in rows).encode()


def test_the_objects_below_a_prefix_are_scored_each_into_its_own_output(jobs: Jobs) -> None:
    parts = {"a.csv": ROWS[:3], "b.csv": ROWS[3:4], "more/c.csv": ROWS[4:9]}
    for name, rows in parts.items():
        jobs.put(name, lines(rows))
    booster = boosters.booster()

    job = jobs.ended(jobs.start(jobs.model(("model.ubj", boosters.ubj()))))

    assert job["TransformJobStatus"] == "Completed", job
    expected = {
        f"{name}.out": "".join(f"{each}\n" for each in boosters.predict(booster, rows)).encode()
        for name, rows in parts.items()
    }
    assert jobs.outputs() == expected
