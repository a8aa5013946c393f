"""Where batches go that a function could not take: AWS's invocation record, on S3 with the event.

ministack sends such a record to SQS and SNS only. The S3 object is written over HTTP with the
credentials of the function's role. So a role that may not write there fails here as on AWS. Source
of key and shape: the Lambda developer guide, "Retain discarded records for a DynamoDB event
source".
"""

import json
import logging
import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.lambda_runtime import execution_credentials
from ministack.services import lambda_svc

_SHARD = "shardId-00000000000000000000-00000000"
_logger = logging.getLogger("larder.streams")


@dataclass(frozen=True, slots=True)
class FailedBatch:
    """A batch given up: its mapping and function, the records, and how often it was tried."""

    mapping: dict[str, Any]
    function: dict[str, Any]
    records: list[dict[str, Any]]
    attempts: int
    error: str


def send(batch: FailedBatch) -> None:
    """Send the batch to its mapping's failure destination; without one it is dropped, as on AWS."""
    config = batch.mapping.get("DestinationConfig") or {}
    destination = (config.get("OnFailure") or {}).get("Destination") or ""
    _logger.warning(
        "gave up %d stream records of %s after %d attempts, to %s: %s",
        len(batch.records),
        batch.mapping["FunctionName"],
        batch.attempts,
        destination or "nowhere",
        batch.error[:500],
    )
    if destination.startswith("arn:aws:s3:::"):
        _put(destination.removeprefix("arn:aws:s3:::"), batch)
    elif destination:
        lambda_svc._send_ddb_stream_failure_record(
            batch.mapping,
            batch.function,
            batch.records,
            batch.mapping["EventSourceArn"],
            {},
            "RetryAttemptsExhausted",
        )


def _put(bucket: str, batch: FailedBatch) -> None:
    config = batch.function.get("config") or batch.function
    credentials = execution_credentials(config)
    client = boto3.client(
        "s3",
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        region_name=config["FunctionArn"].split(":")[3],
        aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=credentials["AWS_SESSION_TOKEN"] or None,
    )
    now = datetime.now(UTC)
    key = (
        f"aws/lambda/{batch.mapping['UUID']}/{_SHARD}/{now:%Y/%m/%d}/"
        f"{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    )
    try:
        client.put_object(Bucket=bucket, Key=key, Body=json.dumps(_record(batch, now)).encode())
    except (BotoCoreError, ClientError) as error:
        # AWS counts DestinationDeliveryFailures and goes on; here the log has it.
        _logger.error("failure destination %s refused the batch: %s", bucket, error)


def _record(batch: FailedBatch, now: datetime) -> dict[str, Any]:
    config = batch.function.get("config") or batch.function
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": config["FunctionArn"],
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": batch.attempts,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": _timestamp(now.timestamp()),
        "DDBStreamBatchInfo": _batch_info(batch),
        "payload": json.dumps({"Records": batch.records}),
    }


def _batch_info(batch: FailedBatch) -> dict[str, Any]:
    first, last = batch.records[0]["dynamodb"], batch.records[-1]["dynamodb"]
    return {
        "shardId": _SHARD,
        "startSequenceNumber": first["SequenceNumber"],
        "endSequenceNumber": last["SequenceNumber"],
        "approximateArrivalOfFirstRecord": _timestamp(first["ApproximateCreationDateTime"]),
        "approximateArrivalOfLastRecord": _timestamp(last["ApproximateCreationDateTime"]),
        "batchSize": len(batch.records),
        "streamArn": batch.mapping["EventSourceArn"],
    }


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
