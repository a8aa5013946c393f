"""The deployed inference function's own graph: tables, bucket and libraries as its settings say."""

import hashlib
import importlib
import json
import sys

import boto3
import pytest

from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.models import warm_up
from larder.models.adapters.dynamodb_item import to_item
from larder.models.registry_items import Endpoint, Kind
from larder.models.served import ModelArtefact
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.write import PutRecord, RecordWriter
from larder.settings.inference import InferenceSettings
from tests.handlers.test_inference import expected, specification
from tests.support.boosters import ubj
from tests.support.events import http_event
from tests.support.groups import HOME, feature_group, group_settings
from tests.support.models import endpoint, fleet, served_model, variant
from tests.support.moto_cloud import moto_cloud
from tests.support.tables import create_records_table, create_registry_table

SETTINGS = InferenceSettings(
    registry_table="registry",
    records_table="records",
    models_bucket="lake",
    account_id=HOME.account_id,
    region=HOME.region,
    partition=HOME.partition,
    store_seconds=20.0,  # moto on a busy machine
)


@pytest.fixture
def cloud(monkeypatch):
    """One group with a record, and an endpoint whose model reads it."""
    with moto_cloud() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        for name, value in SETTINGS.to_env().items():
            monkeypatch.setenv(name, value)
        dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
        create_registry_table(dynamodb, "registry")
        create_records_table(dynamodb, "records")
        s3.create_bucket(Bucket="lake")
        group, file = feature_group(), ubj()
        sha256 = hashlib.sha256(file).hexdigest()
        s3.put_object(Bucket="lake", Key=f"models/{sha256}", Body=file)
        DynamoRegistry(BotoDynamo(dynamodb), "registry").create(group)
        values = [("customer_id", "c1"), ("event_time", "2024-01-01T00:00:00Z")]
        record = [*values, ("clicks", "3"), ("score", "0.5")]
        store = DynamoRecordStore(BotoDynamo(dynamodb), "records")
        RecordWriter(store, group_settings(group)).put(PutRecord("customers", record))
        artefact = ModelArtefact(sha256=sha256, size=len(file))
        model = served_model(artefacts=(artefact,), width=3, features=specification())
        served = endpoint(fleet("config", variant("A", model)), name="Scoring")
        item = Endpoint(name="Scoring", uid="u", created=1, served=served, changed=1)
        dynamodb.put_item(TableName="registry", Item=to_item(Kind.ENDPOINT, item))
        yield model


@pytest.fixture
def handler(cloud):
    name = "lambdas.inference.handler"
    sys.modules.pop(name, None)
    yield importlib.import_module(name).handler
    sys.modules.pop(name, None)


def test_an_invocation_reads_registry_records_and_artefact_and_logs_its_exposure(handler, capsys):
    body = json.dumps({"instances": [{"customer_id": "c1", "amount": 1.5}]})
    headers = {"content-type": "application/json"}
    event = http_event("POST", "/endpoints/Scoring/invocations", body=body, headers=headers)
    answer = handler(event, None)
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"]) == {"predictions": [{"score": expected(1.5, 3, 0.5)}]}
    exposure, metrics, access = map(json.loads, capsys.readouterr().out.splitlines())
    assert exposure["kind"] == "exposure"
    assert exposure["instances"][0]["inputs"] == [1.5, 3.0, 0.5]
    assert (metrics["EndpointName"], metrics["VariantName"]) == ("Scoring", "A")
    assert (access["operation"], access["status"]) == ("InvokeEndpoint", 200)


def test_a_warm_up_goes_by_the_same_graph(handler, cloud):
    answer = handler(json.loads(warm_up.request(cloud)), None)
    assert answer == {"ok": True}
