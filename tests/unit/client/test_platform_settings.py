"""How a program finds the platform: one parameter, or the environment."""

import json

import boto3
import pytest
from moto import mock_aws

from larder.client import FeatureStore
from larder.client.platform_settings import published_settings
from larder.errors import ConfigurationError
from larder.settings.runtime import client_parameter
from tests.support.direct import SETTINGS


def publish(value):
    boto3.client("ssm").put_parameter(Name=client_parameter("qa"), Value=value, Type="String")


@mock_aws
def test_a_stage_publishes_the_settings_whole():
    publish(json.dumps(SETTINGS.to_env()))
    assert published_settings("qa") == SETTINGS
    FeatureStore.connect("qa").close()


@mock_aws
def test_settings_that_a_later_release_adds_are_passed_over():
    publish(json.dumps(SETTINGS.to_env() | {"LARDER_NEWER": "1"}))
    assert published_settings("qa") == SETTINGS


@mock_aws
def test_a_stage_that_publishes_nothing_is_named_with_the_cure():
    with pytest.raises(ConfigurationError, match=r"stage 'qa'.*/larder/qa/client.*cdk deploy"):
        FeatureStore.connect("qa")


def test_the_environment_names_the_stores(monkeypatch):
    with pytest.raises(ConfigurationError, match="LARDER_REGISTRY_TABLE is not set"):
        FeatureStore.from_environment()
    for name, value in SETTINGS.to_env().items():
        monkeypatch.setenv(name, value)
    FeatureStore.from_environment().close()
