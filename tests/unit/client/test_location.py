"""How a program finds the platform: one SSM parameter, or the environment."""

import json

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

import larder
from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.ssm import region_from, signed_headers
from larder.errors import ConfigurationError
from larder.settings.published import PublishedSettings, client_parameter
from larder.settings.runtime import RuntimeSettings
from larder.wiring.location import find_platform
from tests.support.direct import PUBLISHED, SETTINGS
from tests.support.moto_cloud import moto_cloud


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@pytest.fixture
def publish(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)

    def put(stage, value):
        boto3.client("ssm").put_parameter(
            Name=client_parameter(stage), Value=json.dumps(value), Type="String", Overwrite=True
        )

    return put


def test_a_stage_publishes_the_settings_whole(publish):
    publish("qa", PUBLISHED.to_env())
    assert find_platform("qa").settings(PublishedSettings) == PUBLISHED
    with larder.connect("qa") as platform:
        assert platform.records is platform.records
        assert platform.location.stage == "qa"


def test_settings_that_a_later_release_adds_are_passed_over(publish):
    publish("qa", PUBLISHED.to_env() | {"LARDER_NEWER": "1"})
    assert find_platform("qa").settings(RuntimeSettings) == SETTINGS


def test_a_stage_of_an_older_release_serves_what_it_published_and_names_the_cure(publish):
    publish("old", SETTINGS.to_env())
    platform = larder.connect("old")
    platform.records.close()
    with pytest.raises(
        ConfigurationError,
        match=r"/larder/old/client: LARDER_OFFLINE_BUCKET is not set\. An older .*cdk deploy 'old/",
    ):
        platform.ingestion  # noqa: B018 - opened at its first use


def test_a_stage_that_publishes_nothing_is_named_with_the_cure(publish):
    with pytest.raises(
        ConfigurationError,
        match=r"stage 'none'.*/larder/none/client.*cdk deploy.*ParameterNotFound",
    ):
        larder.connect("none")


def test_an_endpoint_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match=r"http://127\.0\.0\.1:9/ did not answer"):
        larder.connect("qa")


def test_the_environment_names_the_stores(monkeypatch):
    with pytest.raises(
        ConfigurationError, match=r"no variable LARDER_.*larder\.connect\(\"dev\"\)"
    ):
        larder.connect()
    monkeypatch.setenv("LARDER_REGION", SETTINGS.region)
    with pytest.raises(ConfigurationError, match="LARDER_REGISTRY_TABLE is not set"):
        larder.connect().records  # noqa: B018 - opened at its first use
    for name, value in SETTINGS.to_env().items():
        monkeypatch.setenv(name, value)
    larder.connect().records.close()


def test_the_region_is_the_sdks_own(monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[profile far]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert (
        region_from({"AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "us-east-2"}) == "eu-west-1"
    )
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert region_from({"AWS_REGION": "us-east-2"}) == "us-east-2"
    monkeypatch.setenv("AWS_PROFILE", "far")
    assert region_from({"AWS_REGION": "us-east-2"}) == "eu-north-1"
    monkeypatch.delenv("AWS_PROFILE")
    with pytest.raises(ConfigurationError, match="set AWS_DEFAULT_REGION"):
        region_from({})


@pytest.mark.parametrize("token", [None, "session/token=="])
def test_the_signature_is_botocores(token):
    url, body = "https://ssm.eu-west-1.amazonaws.com/", b'{"Name":"/larder/qa/client"}'
    found = signed_headers(url, "eu-west-1", body, Credentials("AKID", "secret", token))
    request = AWSRequest(
        "POST",
        url,
        data=body,
        headers={name: found[name] for name in ("content-type", "x-amz-target")},
    )
    request.context["timestamp"] = found["x-amz-date"]
    signer = SigV4Auth(BotoCredentials("AKID", "secret", token), "ssm", "eu-west-1")
    request.headers["X-Amz-Date"] = found["x-amz-date"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    assert found["authorization"].endswith(f"Signature={signature}")
