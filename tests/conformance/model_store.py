"""Models and endpoints as a test uses them: boto3's clients, and what every test would write again."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3

from tests.conformance.store import Store
from tests.support import boosters
from tests.support.model_files import packed

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
OWN_IMAGE = "larder:1"
SERVERLESS = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
ROWS, _ = boosters.data()
SOON = {"Delay": 1, "MaxAttempts": 120}


def csv(rows):
    """Rows as a body of text/csv."""
    return "\n".join(",".join(repr(float(value)) for value in row) for row in rows)


def variant(model, name="AllTraffic", weight=1.0, **members):
    """A production variant on machines."""
    machines = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    given = {"VariantName": name, "ModelName": model, "InitialVariantWeight": weight}
    return given | (members if "ServerlessConfig" in members else machines | members)


@dataclass
class ModelStore:
    """Clients made as any program makes them; what is made goes with the platform."""

    store: Store
    endpoints: list[str] = field(default_factory=list)

    @cached_property
    def sm(self) -> Any:
        """The control plane."""
        return self.store.sm

    @cached_property
    def rt(self) -> Any:
        """Where endpoints are invoked."""
        return boto3.client("sagemaker-runtime")

    @cached_property
    def s3(self) -> Any:
        return boto3.client("s3")

    @property
    def bucket(self) -> str:
        """The bucket that artefacts are uploaded to, under ``model-data/``."""
        return self.store.target.bucket

    @property
    def names(self) -> Any:
        return self.store.name

    def prefix(self, kind: str) -> str:
        """The ARNs of a kind up to the name."""
        region = self.sm.meta.region_name
        return f"arn:aws:sagemaker:{region}:{self.store.account}:{kind}/"

    def put(self, name: str, data: bytes, word="model") -> str:
        """Upload one object; its address."""
        key = f"model-data/{self.names(word)}/{name}"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        return f"s3://{self.bucket}/{key}"

    def archive(self, *entries: Any) -> str:
        """Upload a model.tar.gz of these entries, by default a booster; its address."""
        entries = entries or (("xgboost-model", boosters.ubj()),)
        return self.put("model.tar.gz", packed(*entries))

    def request(self, data="", image=IMAGE, **container):
        """CreateModel's members without the name."""
        container = {"Image": image} | ({"ModelDataUrl": data} if data else {}) | container
        return {"PrimaryContainer": container, "ExecutionRoleArn": self.store.role}

    def model(self, data="", image=IMAGE, name="", **container) -> str:
        """A model of an archive; its name."""
        name = name or self.names("model")
        source = {} if "ModelDataSource" in container else {"data": data or self.archive()}
        self.sm.create_model(ModelName=name, **self.request(**source, image=image, **container))
        return name

    def config(self, *variants, **members) -> str:
        """An endpoint configuration; its name."""
        name = self.names("config")
        self.sm.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=list(variants), **members
        )
        return name

    def start(self, *variants, **members) -> str:
        """CreateEndpoint, and no waiting; the endpoint's name."""
        name = self.names("endpoint")
        self.sm.create_endpoint(
            EndpointName=name, EndpointConfigName=self.config(*variants), **members
        )
        self.endpoints.append(name)
        return name

    def serve(self, *variants, **members) -> str:
        """An endpoint in service; its name."""
        name = self.start(*variants, **members)
        self.wait(name)
        return name

    def wait(self, name: str) -> None:
        """Return once the endpoint is in service."""
        waiter = self.sm.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName=name, WaiterConfig=SOON)

    def invoke(self, endpoint: str, body: Any, content_type="text/csv", **headers: Any) -> Any:
        """InvokeEndpoint's answer, with its body read."""
        if not isinstance(body, str | bytes):
            body = json.dumps(body)
        answer = self.rt.invoke_endpoint(
            EndpointName=endpoint, Body=body, ContentType=content_type, **headers
        )
        return answer | {"Body": answer["Body"].read().decode()}

    def scores(self, endpoint: str, rows=ROWS[:5], **headers: Any) -> list[float]:
        """The scores of whole vectors, sent as CSV."""
        answer = self.invoke(endpoint, csv(rows), Accept="text/csv", **headers)
        return [float(line) for line in answer["Body"].split()]

    def predictions(self, endpoint: str, instances: Any, **headers: Any) -> list[dict[str, Any]]:
        """The predictions of instances, sent as JSON."""
        headers = {"Accept": "application/json", **headers}
        answer = self.invoke(endpoint, {"instances": instances}, "application/json", **headers)
        return json.loads(answer["Body"])["predictions"]
