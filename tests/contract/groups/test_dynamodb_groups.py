"""The data plane's reads of the registry, by either client of DynamoDB."""

import boto3
import pytest

from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from tests.support.groups import feature_group
from tests.support.moto_cloud import moto_cloud
from tests.support.tables import create_registry_table
from tests.support.wire import wire_client


@pytest.mark.parametrize("client", ["boto3", "wire"])
def test_a_registered_group_is_read_whole_by_name_and_by_uid_and_no_other(client):
    with moto_cloud() as url:
        boto = boto3.client("dynamodb", endpoint_url=url)
        create_registry_table(boto, "registry")
        group = feature_group()
        registry = DynamoRegistry(BotoDynamo(boto), "registry")
        registry.create(group)
        dynamodb, close = (BotoDynamo(boto), boto.close) if client == "boto3" else wire_client(url)
        groups = DynamoGroups(dynamodb, "registry")
        assert groups.get(group.name) == groups.get_by_uid(group.uid) == group
        assert groups.get("nobody") is groups.get_by_uid("nobody") is None
        registry.remove(group)
        assert groups.get(group.name) is None
        assert groups.get_by_uid(group.uid) == group
        close()
