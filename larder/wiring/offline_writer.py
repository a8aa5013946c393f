"""The offline writer over DynamoDB, S3 and Glue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.by_format import open_tables
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore
from larder.offline.adapters.dynamodb_leases import DynamoLeases
from larder.offline.adapters.dynamodb_stream import parse_change
from larder.offline.adapters.quarantine import S3Quarantine
from larder.offline.adapters.redrive import S3FailureObjects
from larder.offline.adapters.staged_rows import RECORDS_FOLDER, S3StagedRows
from larder.offline.one_committer import OneCommitter
from larder.offline.redrive import FailureObjects
from larder.offline.write import Delivered, OfflineWriter
from larder.settings.offline_writer import OfflineWriterSettings
from larder.wiring.boto import background


@dataclass(frozen=True, slots=True)
class OfflineWriting:
    """The use case, what reads a change in a record of the stream, and what was set aside."""

    writer: OfflineWriter
    parse: Callable[[Mapping[str, Any]], Delivered]
    failures: FailureObjects


def open_offline_writing(settings: OfflineWriterSettings) -> OfflineWriting:
    """The writer of the tables and the bucket that the settings name."""
    config = background()
    s3, dynamodb = boto3.client("s3", config=config), boto3.client("dynamodb", config=config)
    api, registry = BotoDynamo(dynamodb), settings.registry_table
    writer = OfflineWriter(
        DynamoRegistry(api, registry),
        OneCommitter(
            open_tables(s3),
            DynamoLeases(api, registry),
            S3StagedRows(s3, settings.offline_bucket, RECORDS_FOLDER),
            new_id=lambda: uuid4().hex,
        ),
        S3Quarantine(s3, settings.offline_bucket, settings.quarantine_prefix),
        DynamoBeatStore(api, registry).note,
    )
    failures = S3FailureObjects(s3, settings.offline_bucket)
    return OfflineWriting(writer, parse_change, failures)
