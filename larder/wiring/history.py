"""A group's history brought back, with the credentials of this process."""

from __future__ import annotations

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ResourceNotFound
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.iceberg.catalog import open_catalog, open_files
from larder.recovery.adapters.iceberg_table import IcebergRestoration
from larder.recovery.history import RestoredHistory
from larder.wiring.offline import OperatorSettings


def restore_history(settings: OperatorSettings, name: str) -> RestoredHistory:
    """Bring the offline table of the group of that name back.

    Raises:
        ResourceNotFound: there is no such group.
        LarderError: as ``IcebergRestoration.restore``.
    """
    registry = DynamoRegistry(BotoDynamo(boto3.client("dynamodb")), settings.registry_table)
    group = registry.get(name)
    if group is None:
        raise ResourceNotFound(f"there is no feature group {name}")
    return IcebergRestoration(open_catalog(), open_files()).restore(group)
