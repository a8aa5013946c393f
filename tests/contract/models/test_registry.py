"""What every registry of models promises, asked of each implementation."""

from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ResourceInUse, ValidationError
from larder.models.adapters.dynamodb_endpoints import DynamoEndpoints
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.registry_items import (
    Endpoint,
    EndpointConfig,
    Kind,
    Model,
    VariantDetail,
    VariantSpec,
)
from larder.models.served import EndpointStatus, Fleet, ServedEndpoint, Variant
from larder.testing.models import memory_model_registry
from tests.support.model_registry import IMAGE, served_model
from tests.support.tables import create_registry_table

TAGS = (("team", "é"), ("larder:read:a", "=2A"))
START = 1_700_000_000_123_456


@pytest.fixture(params=["memory", "dynamodb"])
def registry(request):
    if request.param == "memory":
        yield memory_model_registry()
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        create_registry_table(client, "registry")
        yield dynamo_model_registry(BotoDynamo(client), "registry")


def _model(name):
    served = served_model(name)
    sent = {"PrimaryContainer": {"Image": IMAGE, "Environment": {"A": "ü"}}}
    return Model(
        name=name, uid=f"u-{name}", created=START, tags=TAGS, sent=sent, served=served, image=IMAGE
    )


def _config(name):
    variants = (
        VariantSpec(name="a", model="m", weight=0.5, count=2),
        VariantSpec(name="b", model="m", weight=0, serverless={"MaxConcurrency": 3}),
    )
    return EndpointConfig(
        name=name,
        uid=f"u-{name}",
        created=START,
        tags=TAGS,
        sent={"KmsKeyId": "k", "ProductionVariants": [{"VariantName": "a"}]},
        variants=variants,
        shadows=(VariantSpec(name="s", model="m", weight=1),),
    )


def _endpoint(name):
    fleet = Fleet(
        config="c", variants=(Variant(name="a", weight=0.25, model=served_model()),), shadows=()
    )
    served = ServedEndpoint(
        name=name,
        uid=f"u-{name}",
        status=EndpointStatus.CREATING,
        generation=7,
        salt="s",
        blue=fleet,
    )
    return Endpoint(
        name=name,
        uid=f"u-{name}",
        created=START,
        changed=START + 1,
        tags=TAGS,
        served=served,
        details=(VariantDetail(name="a", image=IMAGE, resolved=START, count=3),),
        failure="it was late",
        deployment={"BlueGreenUpdatePolicy": {"TerminationWaitInSeconds": 4}},
    )


MAKERS = {Kind.MODEL: _model, Kind.ENDPOINT_CONFIG: _config, Kind.ENDPOINT: _endpoint}


@pytest.fixture(params=list(Kind), ids=str)
def kind(request):
    return request.param


@pytest.fixture
def items(registry, kind):
    found = [registry.models, registry.configs, registry.endpoints]
    return next(each for each in found if each.kind is kind)


def test_an_item_is_read_as_it_was_stored_by_its_name_in_any_case(items, kind):
    item = MAKERS[kind]("Demo")

    assert items.get("Demo") is None
    items.create(item)

    assert items.get("Demo") == items.get("demo") == items.get("DEMO") == item
    assert items.get("Demos") is None


def test_a_name_is_taken_once_whatever_its_case_and_by_whom(items, kind):
    items.create(MAKERS[kind]("demo"))

    with pytest.raises(ResourceInUse):
        items.create(replace(MAKERS[kind]("DEMO"), uid="another"))

    assert items.get("demo") == MAKERS[kind]("demo")


def test_one_of_two_changes_of_the_same_revision_is_refused(items, kind):
    item = MAKERS[kind]("demo")
    items.create(item)

    changed = items.replace(replace(item, tags=(("k", "1"),)))
    assert changed == items.get("demo") == replace(item, tags=(("k", "1"),), revision=2)
    with pytest.raises(ResourceInUse):
        items.replace(replace(item, tags=(("k", "2"),)))
    with pytest.raises(ResourceInUse):
        items.replace(replace(changed, uid="another"))
    assert items.get("demo") == changed


def test_what_was_removed_cannot_be_replaced_and_its_name_is_free(items, kind):
    item = MAKERS[kind]("demo")
    items.create(item)
    items.remove(replace(item, uid="another"))
    assert items.get("demo") == item

    items.remove(replace(item, revision=9))
    items.remove(item)
    assert items.get("demo") is None
    with pytest.raises(ResourceInUse):
        items.replace(item)
    items.create(item)


def test_all_of_a_kind_are_listed_by_name_and_none_of_another(registry, items, kind):
    for other, make in MAKERS.items():
        if other is not kind:
            stored = [registry.models, registry.configs, registry.endpoints]
            next(each for each in stored if each.kind is other).create(make("other"))
    made = [MAKERS[kind](name) for name in ("b", "A", "c-1", "C")]
    for item in made:
        items.create(item)

    assert [each.name for each in items.list()] == ["A", "b", "C", "c-1"]
    assert sorted(items.list(), key=lambda each: each.uid) == sorted(made, key=lambda e: e.uid)


def test_many_large_items_are_listed_over_several_answers_of_dynamodb(registry):
    for place in range(8):
        model = _model(f"m{place}")
        registry.models.create(replace(model, sent={"x": "y" * 300_000}))

    assert [each.name for each in registry.models.list()] == [f"m{place}" for place in range(8)]


@mock_aws
def test_an_item_that_dynamodb_would_not_take_is_refused_with_the_cure():
    client = boto3.client("dynamodb")
    create_registry_table(client, "registry")
    models = dynamo_model_registry(BotoDynamo(client), "registry").models

    with pytest.raises(ValidationError, match="shorter Environment"):
        models.create(replace(_model("m"), sent={"x": "y" * 400_000}))


@mock_aws
def test_an_invocation_reads_what_an_endpoint_serves_and_nothing_else():
    client = boto3.client("dynamodb")
    create_registry_table(client, "registry")
    dynamodb = BotoDynamo(client)
    endpoint = _endpoint("Demo")
    dynamo_model_registry(dynamodb, "registry").endpoints.create(endpoint)

    endpoints = DynamoEndpoints(dynamodb, "registry")
    assert endpoints.get("demo") == endpoints.get("Demo") == endpoint.served
    assert endpoints.get("other") is None
