"""Every call of boto3 whose refusal is translated: each kind of refusal keeps its own error."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

import larder.wiring.access
import larder.wiring.erasure
from larder.aws.refusals import refusal
from larder.aws.s3_versions import s3_errors
from larder.errors import (
    AccessForbidden,
    ConfigurationError,
    ResourceNotFound,
    ServiceUnavailable,
    ThrottlingException,
    ValidationError,
)
from larder.groups.api.state_change import StateChange
from larder.lifecycle.adapters.eventbridge import EventBridge
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.quarantine import S3Quarantine
from larder.offline.adapters.redrive import LambdaWriter, S3FailureObjects
from larder.offline.write import UnreadableChange
from larder.progress import silent
from larder.recovery.adapters.dynamodb import DynamoTables
from larder.training_sets.adapters.described_groups import DescribedGroups
from larder.training_sets.adapters.glue_label_tables import GlueLabelTables
from larder.wiring.access import FenceSettings, open_fence
from larder.wiring.location import Location

SETTINGS = FenceSettings(
    partition="aws",
    account_id="1",
    offline_bucket="lake",
    workgroup="w",
    api_id="a",
    kms_key_arn="k",
    api_endpoint="https://api.example",
    region="us-east-1",
)


def client_error(code, status):
    told = {"Error": {"Code": code, "Message": "so it is"}}
    return ClientError(told | {"ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")


class Refusing:
    """A client of any service each of whose calls raises one error."""

    class exceptions:
        class NoSuchKey(Exception):
            pass

        class EntityNotFoundException(Exception):
            pass

    def __init__(self, error):
        self.error = error

    def __getattr__(self, _name):
        def call(*_args, **_named):
            raise self.error

        return call


def fence(client, monkeypatch):
    monkeypatch.setattr(larder.wiring.access, "sagemaker_client", lambda *_: client)
    return lambda: open_fence(Location(SETTINGS.to_env(), "here", "Deploy it."), "customers")


def hard_delete(client, monkeypatch):
    monkeypatch.setattr(larder.wiring.erasure, "sagemaker_client", lambda *_: client)
    return lambda: larder.wiring.erasure.hard_delete_by(None)("customers", "c", "now")


def label_table(client, _monkeypatch):
    labels = SimpleNamespace(location="s3://lake/x/", schema=())

    def make():
        with GlueLabelTables(client, "db").table("tmp", labels, training_set="churn"):
            pass

    return make


def s3_call(client, _monkeypatch):
    def call():
        with s3_errors("s3://lake"):
            client.list_objects_v2()

    return call


CHANGE = UnreadableChange("1", {}, "no reason")
CALLS = {
    "open_fence": fence,
    "hard delete of an erasure": hard_delete,
    "label table": label_table,
    "s3_errors": s3_call,
    "described group": lambda c, _: lambda: DescribedGroups(c).get("customers"),
    "query": lambda c, _: lambda: AthenaQueries(c, "db", "w").run("SELECT 1", silent),
    "quarantine": lambda c, _: lambda: S3Quarantine(c, "lake", "q/").put("u", CHANGE, "so"),
    "writer function": lambda c, _: lambda: LambdaWriter(c, "writer").invoke(b"{}"),
    "failure objects": lambda c, _: lambda: S3FailureObjects(c, "lake").delete("key"),
    "events": lambda c, _: lambda: EventBridge(c).publish(StateChange("arn", "{}")),
    "restore": lambda c, _: lambda: DynamoTables(c).begin("a", "b", 1),
}
KINDS = {
    "forbidden": (client_error("AccessDeniedException", 400), AccessForbidden),
    "forbidden by S3": (client_error("AccessDenied", 403), AccessForbidden),
    "expired": (client_error("ExpiredTokenException", 403), AccessForbidden),
    "throttled": (client_error("ThrottlingException", 400), ThrottlingException),
    "too many": (client_error("TooManyRequestsException", 429), ThrottlingException),
    "failed": (client_error("InternalFailure", 500), ServiceUnavailable),
    "of no meaning": (client_error("Teapot", 418), ServiceUnavailable),
    "silent": (EndpointConnectionError(endpoint_url="https://x"), ServiceUnavailable),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("error", "kind"), KINDS.values(), ids=KINDS)
def test_a_refusal_is_told_as_what_it_is(call, error, kind, monkeypatch):
    with pytest.raises(kind) as told:
        call(Refusing(error), monkeypatch)()
    assert type(told.value) is kind
    assert told.value.__cause__ is not None or isinstance(error, EndpointConnectionError)


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        ("open_fence", "ResourceNotFound", ResourceNotFound),
        ("open_fence", "ValidationException", ValidationError),
        ("hard delete of an erasure", "ResourceNotFound", ResourceNotFound),
        ("hard delete of an erasure", "ValidationError", ValidationError),
        ("described group", "ResourceNotFound", ValidationError),
        ("described group", "ValidationException", ValidationError),
        ("query", "InvalidRequestException", ValidationError),
        ("restore", "ResourceNotFoundException", ResourceNotFound),
        ("restore", "TableNotFoundException", ResourceNotFound),
    ],
)
def test_a_code_that_means_something_to_a_call_means_it_there(name, code, kind, monkeypatch):
    with pytest.raises(kind) as told:
        CALLS[name](Refusing(client_error(code, 400)), monkeypatch)()
    assert type(told.value) is kind


def test_a_group_that_is_not_there_is_told_apart_from_a_request_that_is_wrong(monkeypatch):
    for code, words in (("ResourceNotFound", "there is no"), ("ValidationException", "so it is")):
        with pytest.raises(ValidationError, match=words):
            CALLS["described group"](Refusing(client_error(code, 400)), monkeypatch)()


def test_missing_credentials_are_a_matter_of_the_configuration():
    assert isinstance(refusal("it", NoCredentialsError()), ConfigurationError)
