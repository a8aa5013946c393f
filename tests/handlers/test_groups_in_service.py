"""What a model that an endpoint serves reads of a feature group is not taken from it (R7)."""

from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from lambdas.control.routes import create_handler
from larder.aws.dynamodb.boto import BotoDynamo
from larder.declared.apply import DeclaredGroups, Definition
from larder.errors import ValidationError
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.adapters.dynamodb_readers import DynamoReaders
from larder.models.readers import readers_of
from larder.models.served import EndpointStatus, FeatureSpec, Fleet, ModelInput, SourceKind, Variant
from tests.support.control import ROLE_ARN, control_plane, create_request, group_spec
from tests.support.groups import HOME
from tests.support.model_registry import ARTEFACT, Imports, model_catalog, served_model, variant
from tests.support.tables import create_registry_table

REASON = "moved to another group"


def reading(name, uid, *features):
    """A model that reads those features of the group of that identity."""
    inputs = tuple(
        ModelInput(
            name=each,
            source=SourceKind.FEATURE_GROUP,
            type="String",
            group="customers",
            group_uid=uid,
            feature=each,
            key="customer_id",
        )
        for each in features
    )
    return replace(served_model(name, f"u-{name}"), features=FeatureSpec(inputs=inputs))


class ImportsReading(Imports):
    """Takes in models that read what ``reads`` says by the model's name."""

    def __init__(self):
        super().__init__()
        self.reads = {}

    def __call__(self, request):
        served = super().__call__(request)
        read = self.reads.get(request.name)
        return replace(reading(request.name, *read), uid=request.uid) if read else served


class World:
    """A client of both control planes, and what is stored behind them."""

    def __init__(self, door):
        self.dynamodb = boto3.client("dynamodb")
        create_registry_table(self.dynamodb, "registry")
        self.calls = []
        counted = BotoDynamo(self.dynamodb)
        call = counted.call
        counted.call = lambda name, request: (self.calls.append(name), call(name, request))[1]
        self.groups = control_plane(readers=DynamoReaders(counted, "registry"))
        self.imports = ImportsReading()
        registry = dynamo_model_registry(BotoDynamo(self.dynamodb), "registry")
        self.models = model_catalog(registry, importer=self.imports)
        self.client, served = door
        served["handler"] = create_handler(self.groups, models=self.models)

    def group(self, name="customers", **changes):
        request = create_request(name, **changes)
        del request["OfflineStoreConfig"], request["RoleArn"]
        self.client.create_feature_group(**request)
        return self.groups.groups.get(name)

    def serve(self, endpoint, *models, shadow=None):
        for model in (*models, *([shadow] if shadow else [])):
            self.client.create_model(
                ModelName=model,
                PrimaryContainer={"Image": "larder-xgboost:1", "ModelDataUrl": ARTEFACT},
                ExecutionRoleArn=ROLE_ARN,
            )
        shadows = {"ShadowProductionVariants": [variant("s", shadow)]} if shadow else {}
        self.client.create_endpoint_config(
            EndpointConfigName=endpoint,
            ProductionVariants=[variant(each, each) for each in models],
            **shadows,
        )
        self.client.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)

    def delete(self, name="customers"):
        self.client.delete_feature_group(FeatureGroupName=name)

    def remove(self, *features):
        tags = [{"Key": f"larder:removed:{each}", "Value": REASON} for each in features]
        self.client.add_tags(ResourceArn=HOME.arn("customers"), Tags=tags)

    def removed(self):
        return self.groups.groups.get("customers").removed


@pytest.fixture
def world(sagemaker_door):
    with mock_aws():
        yield World(sagemaker_door)


def refused(world, act):
    """The message by which a change was refused."""
    with pytest.raises(world.client.exceptions.ResourceInUse) as raised:
        act()
    return raised.value.response["Error"]["Message"]


def test_a_group_that_a_served_model_reads_is_not_deleted_and_the_readers_are_named(world):
    uid = world.group().uid
    world.imports.reads = {
        "churn-1": (uid, "city"),
        "churn-2": (uid, "clicks"),
        "fraud": (uid, "city"),
    }
    world.serve("Churn", "churn-1", "churn-2")
    world.serve("fraud", "plain", shadow="fraud")

    text = refused(world, world.delete)

    assert "model churn-1 of endpoint Churn (city)" in text
    assert "model churn-2 of endpoint Churn (clicks)" in text
    assert "model fraud of endpoint fraud (city)" in text
    assert "plain" not in text
    assert "UpdateEndpoint" in text
    assert world.groups.groups.get("customers").status == "Created"


def test_a_group_is_free_once_no_endpoint_serves_a_model_that_reads_it(world):
    world.imports.reads = {"churn": (world.group().uid, "city")}
    world.serve("a", "churn")
    refused(world, world.delete)
    world.client.delete_model(ModelName="churn")  # the endpoint still has what it serves from
    refused(world, world.delete)
    world.client.delete_endpoint(EndpointName="a")
    world.delete()
    assert world.groups.groups.get("customers").status == "Deleting"


def test_a_model_that_no_endpoint_serves_holds_no_group(world):
    world.imports.reads = {"churn": (world.group().uid, "city")}
    world.client.create_model(
        ModelName="churn",
        PrimaryContainer={"Image": "larder-xgboost:1", "ModelDataUrl": ARTEFACT},
        ExecutionRoleArn=ROLE_ARN,
    )
    world.delete()
    assert world.groups.groups.get("customers").status == "Deleting"


def test_an_endpoint_that_failed_holds_no_group(world):
    world.imports.reads = {"churn": (world.group().uid, "city")}
    world.models.warm_up.reason = "it did not load"
    world.serve("a", "churn")
    world.delete()


def test_models_of_another_group_or_of_an_earlier_life_of_it_hold_nothing(world):
    world.group("orders")
    world.imports.reads = {"churn": (world.group().uid + "0", "city")}
    world.serve("a", "churn")
    world.remove("city")
    world.delete()


def test_only_features_that_no_served_model_reads_are_removed(world):
    world.imports.reads = {"churn": (world.group().uid, "city")}
    world.serve("a", "churn")

    text = refused(world, lambda: world.remove("clicks", "city"))

    assert "model churn of endpoint a (city)" in text
    assert world.removed() == set()
    world.remove("clicks")
    assert world.removed() == {"clicks"}


def test_a_removal_that_stands_can_be_told_again(world):
    uid = world.group().uid
    world.remove("city")
    world.imports.reads = {"churn": (uid, "city")}
    world.serve("a", "churn")
    world.calls.clear()
    world.remove("city")
    world.client.add_tags(ResourceArn=HOME.arn("customers"), Tags=[{"Key": "team", "Value": "x"}])
    assert world.calls == []


def test_what_breaks_no_model_is_not_held(world):
    world.imports.reads = {"churn": (world.group().uid, "city")}
    world.serve("a", "churn")
    world.client.update_feature_group(
        FeatureGroupName="customers",
        FeatureAdditions=[{"FeatureName": "more", "FeatureType": "String"}],
    )
    world.client.update_feature_group(
        FeatureGroupName="customers",
        OnlineStoreConfig={"TtlDuration": {"Unit": "Days", "Value": 3}},
    )
    assert world.calls == []


def test_a_file_that_removes_what_a_served_model_reads_changes_nothing(world):
    uid = world.group().uid
    world.imports.reads = {"churn": (uid, "city")}
    world.serve("a", "churn")
    declared = DeclaredGroups(world.groups.groups, world.groups)
    tags = (("larder:removed:city", REASON),)
    other = Definition("new.yaml", group_spec("orders"))

    with pytest.raises(ValidationError, match=r"g\.yaml: .*model churn of endpoint a \(city\)"):
        declared.apply([other, Definition("g.yaml", group_spec(tags=tags))])

    assert world.removed() == set()
    assert world.groups.groups.registry.get("orders") is None
    world.client.delete_endpoint(EndpointName="a")
    declared.apply([Definition("g.yaml", group_spec(tags=tags))])
    assert world.removed() == {"city"}


def test_an_endpoint_of_a_newer_release_that_names_the_group_holds_it(world):
    uid = world.group().uid
    world.imports.reads = {"churn": (uid, "city")}
    world.serve("Scoring", "churn")
    world.dynamodb.update_item(
        TableName="registry",
        Key={"pk": {"S": "M#endpoint"}, "sk": {"S": "scoring"}},
        UpdateExpression="SET served = :served",
        ExpressionAttributeValues={":served": {"S": f'{{"version": "99.0", "reads": "{uid}"}}'}},
    )
    assert "endpoint scoring" in refused(world, world.delete)
    assert "endpoint scoring" in refused(world, lambda: world.remove("clicks"))


def test_the_check_is_one_request_for_each_megabyte_of_endpoints(world):
    uid = world.group().uid
    world.imports.reads = {"churn": (uid, "city")}
    world.serve("last", "churn")
    endpoint = world.models.registry.endpoints.get("last")
    environment = {f"V{place}": "x" * 1000 for place in range(100)}
    large = replace(served_model("large", "u-large"), environment=environment)
    fleet = Fleet(config="c", variants=(Variant(name="v", weight=1.0, model=large),))
    for place in range(25):  # 100 KB each
        served = replace(endpoint.served, name=f"e{place}", uid=f"e{place}", blue=fleet)
        made = replace(endpoint, name=f"e{place}", uid=f"e{place}", served=served, revision=1)
        world.models.registry.endpoints.create(made)
    world.calls.clear()

    assert "endpoint last" in refused(world, world.delete)
    assert world.calls == ["Query"] * 3


def test_both_fleets_of_an_update_and_their_shadows_count(world):
    world.group()
    world.serve("a", "plain")
    served = world.models.registry.endpoints.get("a").served

    def fleet(*names):
        variants = [Variant(name=n, weight=1.0, model=reading(n, "g", "city")) for n in names]
        return Fleet(config="c", variants=tuple(variants[:1]), shadows=tuple(variants[1:]))

    both = replace(served, blue=fleet("blue", "dark"), green=fleet("green"), green_share=0.1)
    assert [each.model for each in readers_of(both, "g")] == ["blue", "dark", "green"]
    assert list(readers_of(both, "other")) == []
    assert list(readers_of(replace(both, status=EndpointStatus.FAILED), "g")) == []
