"""IAM policies that fence one feature group: what a reader or a writer needs, and nothing else.

Grants bind callers of the API. The history lies in S3 and is asked through Athena, where IAM alone
decides; so does IAM on the API's paths, before any function runs. IAM sees no group in a batch nor
in the control plane's requests. So these are left out unless they are asked for.

A policy fences a group that is created again under the same name online, but not its history: that
has another folder and another table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from larder.access.grants import Right
from larder.access.operations import DATA_PLANE

Document = dict[str, Any]
_VERSION: Final = "2012-10-17"
_QUERY: Final = (
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetQueryResultsStream",
    "athena:GetWorkGroup",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
_LOOK_UP: Final = (
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
)
_RESULT: Final = (
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)


@dataclass(frozen=True, slots=True)
class History:
    """Where a group's history is: its folder, its table, and what queries need beside them.

    ``bucket`` and ``prefix`` are the group's folder, without a slash at its end. ``results`` is the
    prefix in ``results_bucket`` under which the workgroup keeps results.
    """

    bucket: str
    prefix: str
    database: str
    table: str
    workgroup: str
    results_bucket: str
    results: str
    key_arn: str


@dataclass(frozen=True, slots=True)
class Fenced:
    """A group, and where IAM sees it; ``history`` is ``None`` without an offline store."""

    name: str
    arn: str
    partition: str
    region: str
    account_id: str
    api_id: str
    history: History | None


def identity_policy(group: Fenced, right: Right, *, unfenced: bool = False) -> Document:
    """The policy to attach to a principal that shall read or write the group, and no other.

    A reader reads records one by one, lists them, and asks the history. A writer writes records;
    the platform's own function writes the history. ``unfenced`` adds the batch of that right and
    the control plane, where grants alone tell groups apart.
    """
    statements = [_online(group, right)]
    if unfenced:
        statements.append(_unfenced(group, right))
    if right is Right.READ and group.history is not None:
        statements += _queries(group, group.history)
        statements += _history(group, group.history)
    return _document(statements)


def resource_policies(group: Fenced, principal: str) -> dict[str, Document]:
    """What lets a principal of another account read the group's history, by what it belongs to.

    ``bucket`` and ``key`` are statements of the bucket's and the key's policy, ``catalog`` of the
    Glue catalog's. The principal needs ``identity_policy`` as well, in its own account. An HTTP API
    and a workgroup take no such policy.
    """
    if group.history is None:
        return {}
    who = {"Principal": {"AWS": principal}}
    by_place: dict[str, list[Document]] = {"bucket": [], "key": [], "catalog": []}
    for place, statement in _by_place(group, group.history):
        by_place[place].append({**statement, **who})
    return {place: _document(statements) for place, statements in by_place.items()}


def paths_of(group: Fenced, right: Right) -> list[str]:
    """The resources by which IAM knows the group's operations: by name, by ARN in either form."""
    names = (group.name, group.arn, quote(group.arn, safe=""))
    api = f"arn:{group.partition}:execute-api:{group.region}:{group.account_id}:{group.api_id}"
    return [
        f"{api}/$default/{each.method}{each.path.format(group=name)}"
        for each in DATA_PLANE.values()
        if each.right is right and each.names_its_group
        for name in names
    ]


def _online(group: Fenced, right: Right) -> Document:
    return _allow("Online", ["execute-api:Invoke"], paths_of(group, right))


def _unfenced(group: Fenced, right: Right) -> Document:
    api = f"arn:{group.partition}:execute-api:{group.region}:{group.account_id}:{group.api_id}"
    batches = [
        f"{api}/$default/{each.method}{each.path}"
        for each in DATA_PLANE.values()
        if each.right is right and not each.names_its_group
    ]
    return _allow(
        "GrantsAloneFenceThese", ["execute-api:Invoke"], [*batches, f"{api}/$default/POST/"]
    )


def _queries(group: Fenced, history: History) -> Iterator[Document]:
    """The workgroup and its results; who knows no query's id reads no other's result."""
    where = f"{group.partition}:athena:{group.region}:{group.account_id}"
    yield _allow("Queries", _QUERY, [f"arn:{where}:workgroup/{history.workgroup}"])
    bucket = f"arn:{group.partition}:s3:::{history.results_bucket}"
    yield _allow("ResultsBucket", ["s3:GetBucketLocation"], [bucket])
    yield _allow("Results", _RESULT, [f"{bucket}/{history.results}*"])
    yield _key(group, history, "ResultsKey", ["kms:Decrypt", "kms:GenerateDataKey"])


def _history(group: Fenced, history: History) -> Iterator[Document]:
    for place, statement in _by_place(group, history):
        if place != "key":  # the key of the results is this one
            yield statement


def _by_place(group: Fenced, history: History) -> Iterator[tuple[str, Document]]:
    bucket = f"arn:{group.partition}:s3:::{history.bucket}"
    listed = _allow("Folder", ["s3:ListBucket"], [bucket])
    prefixes = [history.prefix, f"{history.prefix}/*"]
    yield "bucket", {**listed, "Condition": {"StringLike": {"s3:prefix": prefixes}}}
    yield "bucket", _allow("Bucket", ["s3:GetBucketLocation"], [bucket])
    yield "bucket", _allow("Files", ["s3:GetObject"], [f"{bucket}/{history.prefix}/*"])
    yield "key", _key(group, history, "Key", ["kms:Decrypt"])
    if history.table:
        glue = f"arn:{group.partition}:glue:{group.region}:{group.account_id}"
        names = (
            "catalog",
            f"database/{history.database}",
            f"table/{history.database}/{history.table}",
        )
        yield "catalog", _allow("Table", _LOOK_UP, [f"{glue}:{name}" for name in names])


def _key(group: Fenced, history: History, sid: str, actions: list[str]) -> Document:
    """The key, through S3 alone: it does not tell groups apart."""
    suffix = "amazonaws.com.cn" if group.partition == "aws-cn" else "amazonaws.com"
    via = {"StringEquals": {"kms:ViaService": f"s3.{group.region}.{suffix}"}}
    return {**_allow(sid, actions, [history.key_arn]), "Condition": via}


def _allow(sid: str, actions: tuple[str, ...] | list[str], resources: list[str]) -> Document:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}


def _document(statements: list[Document]) -> Document:
    return {"Version": _VERSION, "Statement": statements}


def fenced(described: Mapping[str, Any], **known: str) -> Fenced:
    """The group that DescribeFeatureGroup has described, on the platform of the settings known.

    ``known`` has partition, region, account_id, api_id, workgroup, offline_bucket, results and
    kms_key_arn.
    """
    return Fenced(
        name=described["FeatureGroupName"],
        arn=described["FeatureGroupArn"],
        partition=known["partition"],
        region=known["region"],
        account_id=known["account_id"],
        api_id=known["api_id"],
        history=_history_of(described.get("OfflineStoreConfig"), known),
    )


def _history_of(offline: Mapping[str, Any] | None, known: Mapping[str, str]) -> History | None:
    if offline is None:
        return None
    uri = offline["S3StorageConfig"]["ResolvedOutputS3Uri"].removesuffix("/data")
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    catalog = offline.get("DataCatalogConfig") or {}
    return History(
        bucket=bucket,
        prefix=prefix,
        database=catalog.get("Database", ""),
        table=catalog.get("TableName", ""),
        workgroup=known["workgroup"],
        results_bucket=known["offline_bucket"],
        results=known["results"],
        key_arn=known["kms_key_arn"],
    )
