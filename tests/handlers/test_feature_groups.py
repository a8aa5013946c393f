"""The custom resource: definitions applied call by call, as the CDK's provider framework calls."""

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lambdas.feature_groups.events import Applier, NotApplied, create_handler
from larder.declared.files import load_definitions
from larder.errors import ServiceUnavailable, ThrottlingException
from larder.groups.feature_group import FeatureGroupStatus
from larder.settings.feature_groups import FeatureGroupsSettings
from larder.telemetry.log import Log
from tests.support.control import control_plane, group_spec
from tests.support.tables import create_registry_table

FEATURES = Path(__file__).parents[2] / "features"
NAMES = sorted(path.stem for path in FEATURES.glob("*.yaml"))  # one file, one group
PATIENCE = 60


def framework(handler, event, between=lambda: None):
    """The replies of the two kinds of call, as ``framework.js`` of aws-cdk-lib 2.275.0 makes them.

    A call that raises fails the resource with the exception's text.
    """
    begun = handler(event, None)
    assert begun["PhysicalResourceId"]
    event = {**event, **begun}
    while True:
        reply = handler(event, None)
        if reply["IsComplete"]:
            return {**event, **reply}
        assert "Data" not in reply, "the framework refuses data before the end"
        between()


class Resource:
    """The function over a control plane in memory, and the asset it reads."""

    def __init__(self, catalog=None):
        self.catalog = catalog or control_plane()
        self.assets = {("assets", "good.json"): json.dumps(load_definitions(FEATURES)).encode()}
        self.outcome = FeatureGroupStatus.CREATED
        self.works = True
        self.calls = 0

    def pass_time(self):
        """What happens between two calls: two seconds, and the lifecycle function's work."""
        self.calls += 1
        self.catalog.groups.clock.now += 2_000_000
        registry = self.catalog.groups.registry
        for group in registry.list() if self.works else ():
            if group.status is FeatureGroupStatus.CREATING:
                registry.replace(replace(group, status=self.outcome, failure_reason="no bucket"))

    def send(self, kind="Create", key="good.json", **changes):
        event = {
            "RequestType": kind,
            "ResponseURL": "https://cloudformation.example/?X-Amz-Signature=x",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "DeclaredGroups",
            "ResourceProperties": {
                "DefinitionsBucket": "assets",
                "DefinitionsKey": key,
                "DefinitionsHash": "0",
            },
        }
        clock = self.catalog.groups.clock
        applier = Applier(self.catalog, lambda *of: self.assets[of], clock, PATIENCE)
        return framework(create_handler(applier, Log()), {**event, **changes}, self.pass_time)

    def groups(self):
        return {group.name: group for group in self.catalog.groups.registry.list()}


@pytest.fixture
def resource():
    return Resource()


def test_groups_are_created_and_waited_for(resource):
    done = resource.send()

    assert done["PhysicalResourceId"] == "larder-feature-groups"
    assert done["Data"] == {"Groups": len(NAMES)}
    groups = resource.groups()
    assert list(groups) == NAMES
    assert {group.status for group in groups.values()} == {FeatureGroupStatus.CREATED}
    seats = resource.catalog.describe("aircraft", "seats")
    assert seats.metadata.description == "Number of seats"


def test_no_call_waits(resource):
    resource.send()
    assert resource.calls == 1  # the first call made the groups, the second saw them finished


def test_sending_the_same_again_changes_nothing(resource):
    resource.send()
    before = resource.groups()

    done = resource.send("Update", PhysicalResourceId="as-it-was")

    assert done["PhysicalResourceId"] == "as-it-was"
    assert resource.groups() == before


def test_a_deletion_deletes_nothing(resource):
    resource.send()
    before = resource.groups()

    assert resource.send("Delete", key="gone.json", PhysicalResourceId="it")["IsComplete"]
    assert resource.groups() == before


def test_a_group_that_fails_fails_the_deployment_with_its_reason(resource):
    resource.outcome = FeatureGroupStatus.CREATE_FAILED

    with pytest.raises(NotApplied, match=r"Feature group aircraft is CreateFailed: no bucket\."):
        resource.send()
    assert resource.calls == 1  # it was not made again and again


def test_a_deployment_after_a_failed_one_mends_it(resource):
    resource.outcome = FeatureGroupStatus.CREATE_FAILED
    with pytest.raises(NotApplied):
        resource.send()
    resource.outcome = FeatureGroupStatus.CREATED
    resource.pass_time()

    assert resource.send()["Data"] == {"Groups": len(NAMES)}


def test_a_group_that_an_earlier_deployment_left_moving_is_waited_for(resource):
    resource.works = False
    with pytest.raises(NotApplied, match="still being created"):
        resource.send()
    resource.works = True

    assert resource.send()["Data"] == {"Groups": len(NAMES)}


def test_time_that_runs_out_is_said_before_the_framework_says_less(resource):
    resource.works = False

    with pytest.raises(NotApplied, match=f"{', '.join(NAMES)} are still"):
        resource.send()
    assert PATIENCE / 2 <= resource.calls <= PATIENCE / 2 + 1


@pytest.mark.parametrize("error", [ThrottlingException, ServiceUnavailable])
def test_a_store_that_fails_for_a_moment_does_not_fail_the_deployment(resource, monkeypatch, error):
    registry, failures = resource.catalog.groups.registry, [error("not now"), error("nor now")]
    create = type(registry).create

    def failing(self, group):
        if failures:
            raise failures.pop()
        create(self, group)

    monkeypatch.setattr(type(registry), "create", failing)
    assert resource.send()["Data"] == {"Groups": len(NAMES)}
    assert failures == []


def test_an_incompatible_change_fails_with_what_it_is_about(resource):
    resource.send()
    documents = json.loads(resource.assets["assets", "good.json"])
    documents[0]["Request"]["FeatureDefinitions"][5]["FeatureType"] = "String"
    resource.assets["assets", "bad.json"] = json.dumps(documents).encode()

    with pytest.raises(NotApplied) as refused:
        resource.send("Update", key="bad.json", PhysicalResourceId="it")

    assert str(refused.value) == (
        "Nothing was changed. features/aircraft.yaml: feature group aircraft: feature seats "
        "can't change from Integral to String. Name a new feature."
    )


@pytest.mark.parametrize("asset", [b"", b"{", b"7", b'[{"File": "x"}]', b"[[]]"])
def test_a_fault_of_the_asset_fails_the_deployment_and_is_logged(resource, capsys, asset):
    resource.assets["assets", "odd.json"] = asset

    with pytest.raises(NotApplied):
        resource.send(key="odd.json")

    assert resource.groups() == {}
    *_, line = capsys.readouterr().out.splitlines()
    assert json.loads(line)["trace"]


def test_an_event_without_properties_fails_by_name(resource):
    with pytest.raises(NotApplied, match="KeyError: 'DefinitionsBucket'"):
        resource.send(ResourceProperties={})


def test_a_long_reason_is_cut_to_what_cloudformation_takes(resource):
    documents = json.loads(resource.assets["assets", "good.json"])
    for document in documents:
        document["File"] = "\u00e9\n" * 2000
        document["Request"]["RecordIdentifierFeatureName"] = "nothing"
    resource.assets["assets", "bad.json"] = json.dumps(documents).encode()

    with pytest.raises(NotApplied) as refused:
        resource.send(key="bad.json")
    # the framework adds the log's name and its own stack, some 600 bytes
    assert len(json.dumps(str(refused.value))) <= 3_400


def test_groups_of_the_api_are_left_alone(resource):
    theirs = resource.catalog.groups.create(group_spec("theirs"))

    resource.send()

    assert resource.groups()["theirs"] == theirs


def test_the_function_puts_itself_together_from_its_environment(monkeypatch):
    settings = FeatureGroupsSettings(
        registry_table="registry",
        account_id="123456789012",
        region="us-east-1",
        partition="aws",
        offline_bucket="lake",
        glue_database="larder_dev",
        kms_key_arn="arn:aws:kms:us-east-1:123456789012:key/k",
    )
    for name, value in settings.to_env().items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
        create_registry_table(dynamodb, "registry")
        s3.create_bucket(Bucket="assets")
        (document,) = load_definitions(FEATURES)[:1]
        del document["Request"]["OfflineStoreConfig"]
        s3.put_object(Bucket="assets", Key="good.json", Body=json.dumps([document]))
        monkeypatch.delitem(sys.modules, "lambdas.feature_groups.handler", raising=False)
        handler = importlib.import_module("lambdas.feature_groups.handler").handler
        done = framework(
            handler,
            {
                "RequestType": "Create",
                "ResourceProperties": {
                    "DefinitionsBucket": "assets",
                    "DefinitionsKey": "good.json",
                },
            },
        )
        names = [
            item["name"]["S"]
            for item in dynamodb.scan(TableName="registry")["Items"]
            if item.get("kind") == {"S": "group"}
        ]

    assert done["Data"] == {"Groups": 1}
    assert "aircraft" in names


def test_s7_rights_that_a_takeover_drops_are_in_the_functions_log(resource, capsys):
    squatter = ("larder:admin:mine", "arn:aws:iam::123456789012:role/Squatter")
    resource.send()
    resource.catalog.groups.change(
        "carrier", lambda group: replace(group, declared_in=None, tags=(*group.tags, squatter))
    )
    capsys.readouterr()

    resource.send("Update")

    lines = map(json.loads, capsys.readouterr().out.splitlines())
    (warning,) = [line for line in lines if line["level"] == "WARNING"]
    assert "feature group carrier: it was made through the API" in warning["rights"]
    assert "larder:admin:mine (arn:aws:iam::123456789012:role/Squatter)" in warning["rights"]
    assert squatter not in resource.groups()["carrier"].tags
