"""Feature groups from Python, against the real control plane behind boto3's own client."""

from dataclasses import replace
from datetime import timedelta

import boto3
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from lambdas.control.routes import create_handler
from larder import errors
from larder.client.api_errors import larder_errors
from larder.client.groups import GroupNotReady, GroupsClient
from larder.groups.feature_group import FeatureGroupStatus, UpdateStatus
from larder.wiring.groups import GroupsApi, GroupsSettings, open_groups
from larder.wiring.sagemaker import CONTROL, RUNTIME, ApiSettings, sagemaker_client
from tests.support.control import ROLE_ARN, control_plane
from tests.support.doors import bound_client

FRAME = pd.DataFrame({"customer_id": ["ada"], "event_time": ["2024-01-01T00:00:00Z"], "n": [1]})
KEYS = {"record_identifier": "customer_id", "event_time": "event_time"}
ENDPOINT = "https://abc.execute-api.eu-west-1.amazonaws.com"


@pytest.fixture(scope="module")
def served():
    """boto3's client, and the control plane that it talks to, which each test replaces."""
    catalog = {}

    def handler(*event):
        return catalog["handler"](*event)

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        client = bound_client("sagemaker", handler)
    return client, catalog


class Lifecycle:
    """Does what the lifecycle function does, whenever the client waits."""

    def __init__(self, registry):
        self.registry, self.pauses, self.fails, self.stuck = registry, [], None, False

    def __call__(self, seconds):
        self.pauses.append(seconds)
        if self.stuck:
            return
        for group in list(self.registry.list()):
            if group.status is FeatureGroupStatus.DELETING:
                self.registry.remove(group)
            else:
                self.registry.replace(self.settled(group))

    def settled(self, group):
        if self.fails:
            return replace(
                group, status=FeatureGroupStatus.CREATE_FAILED, failure_reason=self.fails
            )
        update = group.last_update and UpdateStatus.SUCCESSFUL
        return replace(group, status=FeatureGroupStatus.CREATED, last_update=update)


@pytest.fixture
def lifecycle(served):
    catalog = control_plane()
    served[1]["handler"] = create_handler(catalog)
    return Lifecycle(catalog.groups.registry)


@pytest.fixture
def groups(served, lifecycle):
    api = GroupsApi(served[0], "s3://lake/offline", ROLE_ARN)
    ticks = iter(range(1000))
    return GroupsClient(api, clock=lambda: next(ticks), sleep=lifecycle)


def types(group):
    return {each.name: each.type.value for each in group.features}


def test_a_group_is_created_of_a_frame_and_waited_for(groups, lifecycle):
    made = groups.create(
        "customers", FRAME, **KEYS, ttl=timedelta(days=3), description="people", tags={"a": "b"}
    )
    assert (made.name, made.status) == ("customers", "Created")
    assert types(made) == {"customer_id": "String", "event_time": "String", "n": "Integral"}
    assert made.online["TtlDuration"] == {"Unit": "Seconds", "Value": 259_200}
    assert made.offline["S3StorageConfig"]["S3Uri"] == "s3://lake/offline"
    assert made.answer["RoleArn"] == ROLE_ARN
    assert made.description == "people"
    assert groups.tags("customers") == {"a": "b"}
    assert lifecycle.pauses
    assert made.table == '"larder_dev"."customers_1700000000"'


def test_stores_are_left_out_named_or_configured_in_sagemakers_members(groups):
    online = groups.create("online", FRAME, **KEYS, offline=False, online="InMemory")
    assert (online.offline, online.online["StorageType"]) == (None, "InMemory")
    offline = groups.create("offline", FRAME, **KEYS, online=False, offline="Glue")
    assert (offline.online, offline.offline["TableFormat"]) == (None, "Glue")
    own = {"S3StorageConfig": {"S3Uri": "s3://other-lake/mine"}}
    assert groups.create("own", FRAME, **KEYS, offline=own).offline["S3StorageConfig"]["S3Uri"] == (
        "s3://other-lake/mine"
    )
    with pytest.raises(errors.ValidationError, match="without an online store"):
        groups.create("none", FRAME, **KEYS, online=False, ttl=timedelta(days=1))


def test_without_the_platforms_bucket_an_offline_store_has_to_name_one(served, lifecycle):
    bare = GroupsClient(GroupsApi(served[0], None, None), sleep=lifecycle)
    with pytest.raises(errors.ValidationError, match="set LARDER_OFFLINE_BUCKET"):
        bare.create("customers", FRAME, **KEYS)
    assert bare.create("customers", FRAME, **KEYS, offline=False).status == "Created"


def test_groups_are_listed_and_found(groups):
    for name, team in (("customers", "risk"), ("orders", "ops")):
        groups.create(name, FRAME, **KEYS, tags={"team": team})
    assert {each.name for each in groups.list()} == {"customers", "orders"}
    assert [each.name for each in groups.list(name_contains="cust")] == ["customers"]
    assert groups.list(status="Creating") == []
    found = groups.search(("Tags.team", "Equals", "ops"))
    assert [each.name for each in found] == ["orders"]
    either = groups.search(
        ("Tags.team", "Equals", "ops"), ("FeatureGroupName", "Contains", "cust"), operator="Or"
    )
    assert {each.name for each in either} == {"customers", "orders"}
    hits = groups.search_features(("FeatureName", "Equals", "n"))
    assert {each["FeatureGroupName"] for each in hits} == {"customers", "orders"}


def test_a_group_is_updated_and_deleted(groups):
    groups.create("customers", FRAME, **KEYS)
    wider = groups.update("customers", add_features={"score": "Fractional"}, ttl=timedelta(hours=1))
    assert types(wider)["score"] == "Fractional"
    assert wider.online["TtlDuration"]["Value"] == 3600
    assert "TtlDuration" not in groups.update("customers", ttl=None).online
    groups.delete("customers")
    with pytest.raises(errors.ResourceNotFound):
        groups.describe("customers")


def test_tags_and_feature_metadata_change_one_by_one(groups):
    groups.create("customers", FRAME, **KEYS, tags={"a": "1", "b": "2"})
    groups.tag("customers", {"c": "3"})
    groups.untag("customers", ["a"])
    assert groups.tags("customers") == {"b": "2", "c": "3"}
    groups.update_feature("customers", "n", description="clicks", parameters={"w": "7d"})
    groups.update_feature("customers", "n", remove_parameters=["w"])
    told = groups.describe_feature("customers", "n")
    assert (told["Description"], told.get("Parameters", [])) == ("clicks", [])


def test_a_failure_and_a_wait_without_end_are_told(groups, lifecycle):
    lifecycle.fails = "the table could not be made"
    with pytest.raises(GroupNotReady, match=r"customers is CreateFailed: the table could not"):
        groups.create("customers", FRAME, **KEYS)
    lifecycle.stuck = True
    groups.create("orders", FRAME, **KEYS, wait=False)
    with pytest.raises(GroupNotReady, match="still Creating after 9 seconds"):
        groups.wait("orders", timeout=9)
    assert max(lifecycle.pauses) <= 5


def test_the_apis_refusals_are_larders_errors(groups):
    groups.create("customers", FRAME, **KEYS)
    with pytest.raises(errors.ResourceInUse):
        groups.create("customers", FRAME, **KEYS)
    with pytest.raises(errors.ValidationError, match="recordIdentifierFeatureName"):
        groups.create("orders", FRAME, record_identifier="nope", event_time="event_time")
    with pytest.raises(errors.ValidationError):
        groups.describe("-no-name-")
    with pytest.raises(errors.ValidationError, match="Invalid type"):
        groups.describe(7)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDeniedException", 403, errors.AccessForbidden),
        ("Forbidden", 403, errors.AccessForbidden),
        ("ThrottlingException", 400, errors.ThrottlingException),
        ("Whatever", 429, errors.ThrottlingException),
        ("ResourceLimitExceeded", 400, errors.ResourceLimitExceeded),
        ("InternalFailure", 500, errors.ServiceUnavailable),
    ],
)
def test_every_code_of_the_api_has_a_class(code, status, kind):
    answer = {
        "Error": {"Code": code, "Message": "why"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    with pytest.raises(kind, match="why"), larder_errors():
        raise ClientError(answer, "DescribeFeatureGroup")


def test_groups_are_shown_in_notebooks_with_every_text_escaped(groups):
    made = groups.create("customers", FRAME, **KEYS, description="<script>alert(1)</script>")
    for shown in (made._repr_html_(), groups.list()._repr_html_()):
        assert "customers" in shown and "&lt;script&gt;" in shown and "<script" not in shown


def scope(client):
    """Address and service that a client's request goes to and is signed for."""

    class Signed(Exception):
        """Stops the request."""

    def stop(request, **_):
        raise Signed(request.url, request.headers["Authorization"].decode())

    client.meta.events.register("before-send", stop)
    call = client.list_feature_groups if hasattr(client, "list_feature_groups") else None
    with pytest.raises(Signed) as sent:
        call() if call else client.list_records(FeatureGroupName="customers")
    url, header = sent.value.args
    return url.split("/")[2], header.split("/aws4_request")[0].split("/")[-1]


@pytest.mark.parametrize("service", [CONTROL, RUNTIME])
def test_the_platforms_api_is_called_and_signed_for(monkeypatch, service):
    published = ApiSettings(api_endpoint=ENDPOINT, region="eu-west-1")
    host = ENDPOINT.removeprefix("https://")
    assert scope(sagemaker_client(service, published)) == (host, "execute-api")
    variable = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert scope(sagemaker_client(service, published)) == ("127.0.0.1:9", "execute-api")
    monkeypatch.delenv(variable)
    with pytest.raises(errors.ConfigurationError, match=f"LARDER_API_ENDPOINT, or {variable}"):
        sagemaker_client(service, ApiSettings(region="eu-west-1"))
    other = boto3.client(service, region_name="eu-west-1")
    assert scope(other)[1] == "sagemaker"


def test_a_new_groups_defaults_are_the_platforms():
    api = open_groups(
        GroupsSettings(
            api_endpoint=ENDPOINT, region="eu-west-1", offline_bucket="lake", account_id="123"
        )
    )
    assert (api.s3_uri, api.role_arn) == ("s3://lake/offline", "arn:aws:iam::123:role/larder")
    bare = open_groups(GroupsSettings(api_endpoint=ENDPOINT, region="eu-west-1"))
    assert (bare.s3_uri, bare.role_arn) == (None, None)


@pytest.mark.parametrize("library", [pl.from_pandas, pa.Table.from_pandas])
def test_frames_of_any_library_make_the_same_group(groups, library):
    made = groups.create("customers", library(FRAME), **KEYS, offline=False)
    assert types(made) == {"customer_id": "String", "event_time": "String", "n": "Integral"}
