"""Rights on what feature pipelines read: the tables that definitions name, and their files."""

from collections.abc import Sequence
from typing import Final, cast

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from larder.bucket_folders import SOURCES
from larder.pipelines.definition import Pipeline
from stacks.config import StageConfig
from stacks.constructs.offline_bucket import OfflineBucket
from stacks.constructs.permissions import allow, allow_pattern

_DIGITS: Final = "?" * 10
TABLE_READER: Final = (
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
)


def allow_sources(
    grantee: iam.IGrantable,
    bucket: OfflineBucket,
    pipelines: Sequence[Pipeline],
    source_buckets: Sequence[str],
    *,
    databases: Sequence[str] = (),
) -> None:
    """Let ``grantee`` read the tables of ``pipelines``, and files where tables of events may lie.

    ``databases`` are further ones whose existence it may ask for.
    """
    tables = sorted({name for each in pipelines for name in each.source.reads})
    allow_source_tables(grantee, bucket, tables, source_buckets, databases=databases)


def allow_source_tables(
    grantee: iam.IGrantable,
    bucket: OfflineBucket,
    tables: Sequence[str],
    source_buckets: Sequence[str],
    *,
    databases: Sequence[str] = (),
) -> None:
    """The same for tables by their names, such as ``raw.payments``."""
    stack = Stack.of(cast("iam.Role", grantee.grant_principal))
    prefix = stack.format_arn(service="glue", resource="")
    if tables:
        named = {name.split(".")[0] for name in tables} | set(databases)
        places = ["catalog", *sorted(f"database/{each}" for each in named)]
        places += [f"table/{name.replace('.', '/')}" for name in tables]
        allow(grantee, TABLE_READER, [f"{prefix}{place}" for place in places])
    bucket.allow_prefix(
        grantee, ["s3:GetObject"], SOURCES, reason="people put tables of events there"
    )
    for name in source_buckets:
        arn = f"arn:{stack.partition}:s3:::{name}"
        shown = f"arn:<AWS::Partition>:s3:::{name}/*"
        allow(grantee, ["s3:ListBucket"], [arn])
        reason = "the stage names this bucket for tables of events"
        allow_pattern(grantee, ["s3:GetObject"], {f"{arn}/*": shown}, reason=reason)


def allow_folder(grantee: iam.IGrantable, address: str) -> None:
    """Let ``grantee`` read the files of events below one address, and names in its bucket."""
    bucket, _, folder = address.removeprefix("s3://").partition("/")
    partition = Stack.of(cast("iam.Role", grantee.grant_principal)).partition
    arn = f"arn:{partition}:s3:::{bucket}"
    allow(grantee, ["s3:GetBucketLocation", "s3:ListBucket"], [arn])
    shown = f"arn:<AWS::Partition>:s3:::{bucket}/{folder}*"
    reason = "a definition names this folder of files of events"
    allow_pattern(grantee, ["s3:GetObject"], {f"{arn}/{folder}*": shown}, reason=reason)


def allow_history(
    grantee: iam.IGrantable, bucket: OfflineBucket, config: StageConfig, group: str
) -> None:
    """Let ``grantee`` read a group's history, whose names end in the digits of its creation."""
    stack, database = Stack.of(cast("iam.Role", grantee.grant_principal)), config.database_name
    prefix = stack.format_arn(service="glue", resource="")
    table = f"{group.replace('-', '_').lower()}_{_DIGITS}"
    places = ("catalog", f"database/{database}", f"table/{database}/{table}")
    allow(grantee, TABLE_READER, [f"{prefix}{place}" for place in places])
    bucket.allow_data(
        grantee,
        *config.other_buckets(stack),
        actions=["s3:GetObject"],
        folder=f"{group}-{_DIGITS}/",
    )
