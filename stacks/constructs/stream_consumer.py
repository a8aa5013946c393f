"""A function that follows a table's stream: the event source, its failures, and the rights."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from larder.bucket_folders import SPILLED
from stacks.constructs.offline_bucket import OfflineBucket
from stacks.constructs.permissions import acknowledge, allow, allow_items

# Retried for as long as the stream keeps a record less four hours to notice (it keeps 24 h);
# then the whole batch spills to S3, and an alarm has been ringing for 19 hours.
_MAX_RECORD_AGE_SECONDS: Final = 20 * 3600
_UNLIMITED: Final = -1

STREAM_READER: Final = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Which changes reach the function (any of ``patterns``), how many at once, how late.

    Changes older than ``max_age_seconds`` are given up: they land in ``spill_to`` with their full
    records (a queue would keep a pointer into a stream that forgets them). Without it they are
    dropped, which only a copy that heals by itself may do (LARDER-ESM1 sees to that).
    """

    patterns: Sequence[Mapping[str, object]]
    batch_size: int
    window_seconds: int
    max_age_seconds: int = _MAX_RECORD_AGE_SECONDS
    spill_to: OfflineBucket | None = None


class StreamConsumer(Construct):
    """Delivers changes of ``table``'s stream to ``function``, at least once.

    A batch that fails is halved until the bad record is alone. It is retried until its delivery
    gives it up. ``key`` is the table's. The event source is written as CloudFormation has it. The
    CDK's own grants S3 and stream rights wider than these.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        table: dynamodb.ITableV2,
        key: kms.IKey,
        delivery: Delivery,
    ) -> None:
        super().__init__(scope, construct_id)
        stream = table.table_stream_arn
        if stream is None:
            raise ValueError(f"{table.node.path} has no stream")
        self.mapping = lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=function.function_name,
            event_source_arn=stream,
            starting_position="TRIM_HORIZON",
            batch_size=delivery.batch_size,
            maximum_batching_window_in_seconds=delivery.window_seconds,
            parallelization_factor=1,
            bisect_batch_on_function_error=True,
            maximum_record_age_in_seconds=delivery.max_age_seconds,
            maximum_retry_attempts=_UNLIMITED,
            function_response_types=["ReportBatchItemFailures"],
            destination_config=_spill_to(delivery.spill_to) if delivery.spill_to else None,
            filter_criteria=_matching(delivery.patterns),
            metrics_config=lambda_.CfnEventSourceMapping.MetricsConfigProperty(
                metrics=["EventCount"]
            ),
        )
        _allow_stream(function, stream, key)
        if delivery.spill_to is not None:
            _allow_spill(function, delivery.spill_to)
        # Lambda checks the role when the mapping is made, so the policy must be there.
        self.mapping.node.add_dependency(function.role or function)


def _spill_to(bucket: OfflineBucket) -> lambda_.CfnEventSourceMapping.DestinationConfigProperty:
    return lambda_.CfnEventSourceMapping.DestinationConfigProperty(
        on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=bucket.bucket_arn)
    )


def _matching(
    patterns: Sequence[Mapping[str, object]],
) -> lambda_.CfnEventSourceMapping.FilterCriteriaProperty:
    return lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
        filters=[
            lambda_.CfnEventSourceMapping.FilterProperty(pattern=json.dumps(pattern))
            for pattern in patterns
        ]
    )


def _allow_stream(function: lambda_.Function, stream: str, key: kms.IKey) -> None:
    allow_items(function, STREAM_READER, [stream], key)
    allow(function, ["dynamodb:ListStreams"], ["*"])
    acknowledge(
        function.role or function,
        "AwsSolutions-IAM5[Resource::*]",
        "dynamodb:ListStreams takes no resource, and Lambda refuses the event source without it",
    )


def _allow_spill(function: lambda_.Function, bucket: OfflineBucket) -> None:
    bucket.allow_prefix(
        function,
        ["s3:PutObject"],
        SPILLED,
        reason="Lambda names the object of a batch that it spills",
    )
    allow(function, ["s3:ListBucket"], [bucket.bucket_arn])
