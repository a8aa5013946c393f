"""``larder lineage`` over what a platform has stored: definitions, manifests, models."""

import json
from dataclasses import replace

import pytest
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.cli.main import main
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.pipelines.adapters.documents import to_json
from larder.pipelines.definition import Function
from larder.pipelines.durations import DAY
from larder.pipelines.lineage.columns import column_lineage
from tests.support.formats import (
    BUCKET,
    MANIFEST,
    MODEL_ITEMS,
    SERVED,
    lake,
    table,
)
from tests.support.groups import feature_group
from tests.support.models import endpoint, fleet, variant
from tests.support.packages import model_package
from tests.support.pipelines import feature, pipeline

DEFINITION = pipeline(
    [feature("spend_7d", Function.SUM, 7 * DAY, "x"), feature("clicks", Function.COUNT, DAY)],
    group="customers",
    identifier="customer_id",
    event_time="event_time",
)


@pytest.fixture
def stored(monkeypatch):
    with mock_aws():
        dynamodb, s3 = BotoDynamo(table()), lake()
        DynamoRegistry(dynamodb, "registry").create(feature_group())
        models = dynamo_model_registry(dynamodb, "registry")
        models.packages.create(model_package("Churn/7", served=SERVED))
        models.packages.create(model_package("plain", served=None))
        served = endpoint(fleet("config", variant("a", SERVED)))
        models.endpoints.create(replace(MODEL_ITEMS["v1-endpoint"][1], served=served))
        columns = {"customers": column_lineage(DEFINITION)}
        s3.put_object(Bucket=BUCKET, Key="pipelines.json", Body=to_json([DEFINITION], columns))
        key = "training-sets/churn/manifest.json"
        s3.put_object(Bucket=BUCKET, Key=key, Body=MANIFEST.to_json())
        monkeypatch.setenv("LARDER_REGISTRY_TABLE", "registry")
        monkeypatch.setenv("LARDER_OFFLINE_BUCKET", BUCKET)
        address = f"s3://{BUCKET}/pipelines.json"
        monkeypatch.setenv("LARDER_PIPELINES_DEFINITIONS", address)
        yield


def test_the_graph_reaches_from_columns_to_models(stored, capsys):
    assert main(["lineage", "customers", "--json"]) == 0
    graph = json.loads(capsys.readouterr().out)
    nodes = {(each["kind"], each["name"]) for each in graph["nodes"]}
    edges = {
        (each["origin"]["name"], each["target"]["name"], each["how"]) for each in graph["edges"]
    }
    assert {
        ("column", "raw.events.x"),
        ("feature", "customers.spend_7d"),
        ("feature-group", "customers"),
        ("training-set", "churn"),
        ("model-package", "Churn/7"),
        ("endpoint", "scoring"),
    } <= nodes
    assert ("model-package", "plain") not in nodes
    assert {
        ("raw.events.x", "customers.spend_7d", "AGGREGATION"),
        ("customers.spend_7d", "customers", ""),
        ("customers.clicks", "churn", ""),
        ("customers.spend_7d", "Churn/7", ""),
        ("customers.spend_7d", "scoring", ""),
        ("customers", "churn", ""),
        ("customers", "Churn/7", ""),
        ("customers", "scoring", ""),
    } <= edges


def test_people_read_features_with_columns_and_then_what_uses_them(stored, capsys):
    assert main(["lineage", "customers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "customers"
    assert "  spend_7d <- raw.events.t (window), raw.events.x (aggregation)" in lines
    assert "  score <- nothing" in lines
    assert lines[-3:] == [
        "  -> endpoint scoring: spend_7d",
        "  -> model-package Churn/7: spend_7d",
        "  -> training-set churn: clicks",
    ]


@pytest.mark.parametrize("name", ["other", ""], ids=["unknown", "empty"])
def test_a_pipeline_that_is_not_declared_is_refused_with_those_that_are(stored, capsys, name):
    assert main(["lineage", name]) == 1
    assert "is not declared in this stage" in (said := capsys.readouterr().err)
    assert "(declared: customers)" in said


def test_a_platform_of_an_older_release_says_so(stored, capsys, monkeypatch):
    monkeypatch.delenv("LARDER_PIPELINES_DEFINITIONS")
    assert main(["lineage", "customers"]) == 2
    assert "LARDER_PIPELINES_DEFINITIONS is not set" in capsys.readouterr().err
