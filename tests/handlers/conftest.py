"""The control plane behind an unmodified boto3 client, on memory and on moto."""

from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from lambdas.control.routes import create_handler
from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.adapters.dynamodb_metadata import DynamoFeatureMetadata
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import FeatureGroupStatus
from larder.groups.metadata import FeatureCatalog
from tests.support.control import control_plane
from tests.support.doors import bound_client
from tests.support.tables import create_registry_table


@pytest.fixture(params=["memory", "dynamodb"])
def catalog(request):
    """A control plane without any group yet."""
    if request.param == "memory":
        yield control_plane()
        return
    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        create_registry_table(dynamodb, "registry")
        registry = DynamoRegistry(BotoDynamo(dynamodb), "registry")
        registry.repair(remaining=lambda: 60.0)
        groups = control_plane(registry).groups
        store = DynamoFeatureMetadata(BotoDynamo(dynamodb), "registry")
        yield FeatureCatalog(groups, store, groups.clock)


@pytest.fixture(scope="session")
def sagemaker_door():
    """One client for all tests, since SageMaker's model takes long to load; and its handler."""
    served = {}

    def handler(*event):
        return served["handler"](*event)

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        client = bound_client("sagemaker", handler)
    return client, served


@pytest.fixture
def serve(sagemaker_door):
    """Make the client talk to a catalog."""
    client, served = sagemaker_door

    def to(catalog):
        served["handler"] = create_handler(catalog)
        return client

    return to


@pytest.fixture
def client(serve, catalog):
    """A SageMaker client of ``catalog``."""
    return serve(catalog)


@pytest.fixture
def settle(catalog):
    """Do what the lifecycle function does when a table is made or widened."""

    def settle(name="customers", **changes):
        registry = catalog.groups.registry
        return registry.replace(
            replace(registry.get(name), **{"status": FeatureGroupStatus.CREATED} | changes)
        )

    return settle
