"""The custom resource: CloudFormation's events in, definitions applied, one answer out."""

import importlib
import json
import socket
import ssl
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lambdas.feature_groups.events import Applier, create_handler
from larder.aws.retries import Retries
from larder.declared.adapters.cloudformation import CloudFormationAnswers
from larder.declared.files import load_definitions
from larder.groups.feature_group import FeatureGroupStatus
from larder.settings.control import ControlSettings
from tests.support.clocks import SleepingClock
from tests.support.control import control_plane, group_spec
from tests.support.tables import create_registry_table

FEATURES = Path(__file__).parents[2] / "features"
NAMES = ["aircraft", "carrier", "origin_weather", "route"]


class _Receiver(BaseHTTPRequestHandler):
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.refusals -= 1
        status = 503 if self.server.refusals >= 0 else 200
        if status == 200:
            self.server.answers.append((self.headers["content-type"], len(body), json.loads(body)))
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture
def cloudformation():
    """The presigned address, as far as it takes answers."""
    with HTTPServer(("127.0.0.1", 0), _Receiver) as server:
        server.answers, server.refusals = [], 0
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Lambda:
    """Lambda's context, and the time that passes while the function sleeps."""

    def __init__(self, seconds=600):
        self.seconds = seconds
        self.on_sleep = lambda: None

    def get_remaining_time_in_millis(self):
        return int(self.seconds * 1000)

    def remaining(self):
        return self.seconds - 30

    def sleep(self, seconds):
        self.seconds -= seconds
        self.on_sleep()


class Resource:
    """The function over a control plane in memory, and the asset it reads."""

    def __init__(self, server, catalog=None):
        self.server = server
        self.catalog = catalog or control_plane()
        self.context = Lambda()
        self.context.on_sleep = self.settle
        self.assets = {("assets", "good.json"): json.dumps(load_definitions(FEATURES)).encode()}
        self.outcome = FeatureGroupStatus.CREATED

    def settle(self):
        """Do the lifecycle function's work."""
        registry = self.catalog.groups.registry
        for group in registry.list():
            if group.status is FeatureGroupStatus.CREATING:
                registry.replace(replace(group, status=self.outcome, failure_reason="no bucket"))

    def send(self, kind="Create", key="good.json", **changes):
        event = {
            "RequestType": kind,
            "ResponseURL": f"http://127.0.0.1:{self.server.server_port}/answer?X-Amz-Signature=x",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Groups",
            "ResourceProperties": {
                "DefinitionsBucket": "assets",
                "DefinitionsKey": key,
                "DefinitionsHash": "0",
            },
        }
        applier = Applier(self.catalog, lambda *of: self.assets[of], self.context.sleep)
        clock = SleepingClock()
        retries = Retries(base=0.5, longest=4, clock=clock, sleep=clock.sleep)
        answers = CloudFormationAnswers(ssl.create_default_context(), retries)
        create_handler(applier, answers)({**event, **changes}, self.context.remaining)
        ((content_type, size, answer),) = self.server.answers
        self.server.answers.clear()
        assert (content_type or "", size <= 4096) == ("", True)
        return answer

    def groups(self):
        return {group.name: group for group in self.catalog.groups.registry.list()}


@pytest.fixture
def resource(cloudformation):
    return Resource(cloudformation)


def test_groups_are_created_and_waited_for(resource):
    answer = resource.send()

    assert answer == {
        "Status": "SUCCESS",
        "Reason": "4 feature groups are as defined.",
        "PhysicalResourceId": "larder-feature-groups",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Groups",
        "Data": {"Groups": 4},
    }
    groups = resource.groups()
    assert list(groups) == NAMES
    assert {group.status for group in groups.values()} == {FeatureGroupStatus.CREATED}
    seats = resource.catalog.describe("aircraft", "seats")
    assert seats.metadata.description == "Number of seats"


def test_sending_the_same_again_changes_nothing(resource):
    resource.send()
    before = resource.groups()

    answer = resource.send("Update", PhysicalResourceId="as-it-was")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "as-it-was")
    assert resource.groups() == before


def test_a_deletion_deletes_nothing(resource):
    resource.send()
    before = resource.groups()

    assert resource.send("Delete", key="gone.json")["Status"] == "SUCCESS"
    assert resource.groups() == before


def test_a_group_that_fails_fails_the_deployment_with_its_reason(resource):
    resource.outcome = FeatureGroupStatus.CREATE_FAILED

    answer = resource.send()

    assert answer["Status"] == "FAILED"
    assert "Feature group aircraft is CreateFailed: no bucket." in answer["Reason"]


def test_a_deployment_after_a_failed_one_mends_it(resource):
    resource.outcome = FeatureGroupStatus.CREATE_FAILED
    resource.send()
    resource.outcome = FeatureGroupStatus.CREATED

    assert resource.send()["Status"] == "SUCCESS"


def test_time_that_runs_out_is_said_before_it_has(resource):
    resource.context.on_sleep = lambda: None

    answer = resource.send()

    assert answer["Status"] == "FAILED"
    assert "aircraft, carrier, origin_weather, route are still being created" in answer["Reason"]
    assert resource.context.seconds > 20


def test_an_incompatible_change_fails_with_what_it_is_about(resource):
    resource.send()
    documents = json.loads(resource.assets["assets", "good.json"])
    documents[0]["Request"]["FeatureDefinitions"][5]["FeatureType"] = "String"
    resource.assets["assets", "bad.json"] = json.dumps(documents).encode()

    answer = resource.send("Update", key="bad.json")

    assert (answer["Status"], answer["Reason"]) == (
        "FAILED",
        "Nothing was changed. features/aircraft.yaml: feature group aircraft: feature seats "
        "can't change from Integral to String. Name a new feature.",
    )


@pytest.mark.parametrize("asset", [b"", b"{", b"7", b'[{"File": "x"}]', b"[[]]"])
def test_whatever_goes_wrong_is_answered_and_logged(resource, capsys, asset):
    resource.assets["assets", "odd.json"] = asset

    answer = resource.send(key="odd.json")

    assert (answer["Status"], resource.groups()) == ("FAILED", {})
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["trace"]


def test_an_event_without_properties_is_answered(resource):
    answer = resource.send(ResourceProperties={})

    assert (answer["Status"], answer["Reason"]) == ("FAILED", "KeyError: 'DefinitionsBucket'")


def test_a_long_reason_is_cut_to_what_cloudformation_takes(resource):
    documents = json.loads(resource.assets["assets", "good.json"])
    for document in documents:
        document["File"] = "\u00e9\n" * 2000
        document["Request"]["RecordIdentifierFeatureName"] = "nothing"
    resource.assets["assets", "bad.json"] = json.dumps(documents).encode()

    assert resource.send(key="bad.json")["Status"] == "FAILED"


def test_an_answer_that_is_not_taken_is_sent_again(resource):
    resource.server.refusals = 3

    assert resource.send()["Status"] == "SUCCESS"


def test_an_answer_that_is_never_taken_is_an_error(resource):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/"

    with pytest.raises(OSError, match="refused"):
        resource.send(ResponseURL=address)


def test_groups_of_the_api_are_left_alone(resource):
    theirs = resource.catalog.groups.create(group_spec("theirs"))

    resource.send()

    assert resource.groups()["theirs"] == theirs


def test_the_function_puts_itself_together_from_its_environment(monkeypatch, cloudformation):
    settings = ControlSettings(
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
        handler(
            {
                "RequestType": "Create",
                "ResponseURL": f"http://127.0.0.1:{cloudformation.server_port}/",
                "StackId": "stack",
                "RequestId": "request",
                "LogicalResourceId": "Groups",
                "ResourceProperties": {
                    "DefinitionsBucket": "assets",
                    "DefinitionsKey": "good.json",
                },
            },
            Lambda(),
        )
        names = [
            item["name"]["S"]
            for item in dynamodb.scan(TableName="registry")["Items"]
            if item.get("kind") == {"S": "group"}
        ]

    assert cloudformation.answers[0][2]["Status"] == "SUCCESS"
    assert "aircraft" in names
