"""What every registry of models promises, asked of each implementation."""

from concurrent.futures import ThreadPoolExecutor
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
from larder.monitoring.adapters.dynamodb_schedules import DynamoDefinitions, DynamoSchedules
from larder.monitoring.given import Given
from larder.monitoring.schedule import JobDefinition, MonitoringSchedule, Timing
from larder.monitoring.window import Cadence
from larder.testing.models import MemoryItems, MemoryLog, memory_model_registry
from larder.transforms.adapters.dynamodb_jobs import DynamoJobs
from larder.transforms.job import JobStatus, TransformJob
from tests.support.atomic_dynamo import AtomicDynamo
from tests.support.model_registry import IMAGE, served_model
from tests.support.packages import entry, model_package, package_group
from tests.support.tables import create_registry_table

TAGS = (("team", "é"), ("larder:read:a", "=2A"))
START = 1_700_000_000_123_456


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request):
    """A registry of models, and the items of other slices in the same table."""
    if request.param == "memory":
        others = [
            MemoryItems(kind, MemoryLog())
            for kind in (Kind.TRANSFORM_JOB, Kind.QUALITY_DEFINITION, Kind.MONITORING_SCHEDULE)
        ]
        yield memory_model_registry(), others
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        create_registry_table(client, "registry")
        dynamodb = AtomicDynamo(client)
        others = [
            store(dynamodb, "registry")
            for store in (DynamoJobs, DynamoDefinitions, DynamoSchedules)
        ]
        yield dynamo_model_registry(dynamodb, "registry"), others
        client.close()


@pytest.fixture
def registry(stores):
    return stores[0]


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


def _job(name):
    return TransformJob(
        name=name,
        uid=f"u-{name}",
        created=START,
        changed=START + 1,
        tags=TAGS,
        sent={"ModelName": "m"},
        model=served_model(),
        state=JobStatus.IN_PROGRESS,
    )


def _definition(name):
    return JobDefinition(
        name=name,
        uid=f"u-{name}",
        created=START,
        tags=TAGS,
        sent={"RoleArn": "r"},
        endpoint="e",
        given=Given("DataQualityBaselineConfig", "s3://b/statistics.json"),
        output="s3://b/out",
    )


def _schedule(name):
    return MonitoringSchedule(
        name=name,
        uid=f"u-{name}",
        created=START,
        tags=TAGS,
        sent={"MonitoringType": "DataQuality"},
        definition="d",
        endpoint="e",
        timing=Timing(Cadence.DAILY, hour=7),
        changed=START + 1,
        since=START + 1,
    )


MAKERS = {
    Kind.MODEL: _model,
    Kind.ENDPOINT_CONFIG: _config,
    Kind.ENDPOINT: _endpoint,
    Kind.PACKAGE_GROUP: package_group,
    Kind.PACKAGE: model_package,
    Kind.TRANSFORM_JOB: _job,
    Kind.QUALITY_DEFINITION: _definition,
    Kind.MONITORING_SCHEDULE: _schedule,
}


def _items(stores, kind):
    registry, others = stores
    all_items = [
        registry.models,
        registry.configs,
        registry.endpoints,
        registry.groups,
        registry.packages,
        *others,
    ]
    return next(each for each in all_items if each.kind is kind)


@pytest.fixture(params=list(Kind), ids=str)
def kind(request):
    return request.param


@pytest.fixture
def items(stores, kind):
    return _items(stores, kind)


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


def test_all_of_a_kind_are_listed_by_name_and_none_of_another(stores, items, kind):
    for other, make in MAKERS.items():
        if other is not kind:
            _items(stores, other).create(make("other"))
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


def test_versions_are_listed_in_their_order_and_those_of_other_groups_are_not(registry):
    names = ["Churn/9", "Churn/10", "Churn/1", "churn-b/1", "churn"]
    for name in names:
        registry.packages.create(model_package(name))

    assert [each.name for each in registry.packages.list("churn/")] == [
        "Churn/1",
        "Churn/9",
        "Churn/10",
    ]
    assert [each.name for each in registry.packages.list("CHURN-B/")] == ["churn-b/1"]
    assert len(list(registry.packages.list())) == len(names)


def test_a_version_is_never_given_twice_however_many_ask(registry):
    with ThreadPoolExecutor(16) as pool:
        given = list(pool.map(lambda _: registry.versions.next("Churn"), range(50)))

    assert sorted(given) == list(range(1, 51))
    assert registry.versions.next("churn") == 51
    assert registry.versions.next("other") == 1


def test_a_client_token_finds_its_package_while_that_exists_and_makes_one(registry):
    package = model_package("Churn/1")
    assert registry.versions.by_token(package.token) is None
    registry.packages.create(package)
    registry.packages.replace(replace(package, reason="another"))

    assert registry.versions.by_token(package.token) == "Churn/1"
    with pytest.raises(ResourceInUse):
        registry.packages.create(model_package("Churn/2", token=package.token))
    assert registry.packages.get("Churn/2") is None

    registry.packages.remove(package)
    assert registry.versions.by_token(package.token) is None


def test_an_entry_is_in_the_log_where_its_change_took_effect_and_nowhere_else(registry):
    package = model_package("Churn/1")
    made, changed, lost, removed = (
        entry(at=START + place, revision=place) for place in range(1, 5)
    )
    registry.packages.create(package, (made,))
    stored = registry.packages.replace(replace(package, reason="b"), (changed,))
    for refused in (
        lambda: registry.packages.replace(package, (lost,)),
        lambda: registry.packages.create(model_package("churn/1", uid="x"), (lost,)),
    ):
        with pytest.raises(ResourceInUse):
            refused()
    registry.packages.remove(replace(stored, uid="another"), (lost,))
    registry.packages.remove(stored, (removed,))

    assert list(registry.log.read("group/churn")) == [made, changed, removed]
    assert list(registry.log.read("group/churn", changed.at)) == [made, changed]
    assert list(registry.log.read("group/churn", made.at - 1)) == []
    assert list(registry.log.read("group/chur")) == []


def test_entries_come_in_the_order_of_time_whatever_the_order_of_writing(registry):
    items = [model_package(f"Churn/{version}") for version in (1, 2, 10)]
    places = [(START + 2, 10), (START + 1, 2), (START + 2, 1)]
    for item, (at, version) in zip(items, places, strict=True):
        registry.packages.create(item, (entry(at=at, version=version),))

    found = [(each.at, each.version) for each in registry.log.read("group/churn")]
    assert found == sorted(places)


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
