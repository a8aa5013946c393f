"""The ledger of a platform's pipelines."""

from __future__ import annotations

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.pipelines.adapters.dynamodb_ledger import DynamoLedger
from larder.wiring.boto import background


def open_ledger(registry_table: str) -> DynamoLedger:
    """The ledger of a platform, with the credentials of this process."""
    dynamodb = boto3.client("dynamodb", config=background())
    return DynamoLedger(BotoDynamo(dynamodb), registry_table)
