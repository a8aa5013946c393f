"""Rows, stream changes and tables of the offline store, for tests."""

from base64 import b64encode
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from time import monotonic

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog

from larder.event_time import parse_event_time
from larder.groups.feature_group import TableFormat
from larder.groups.locations import data_uri
from larder.offline.rows import OfflineRow
from larder.records.adapters.dynamodb_item import log_key, record_key, to_attributes
from larder.records.codec import pack
from larder.records.record import RecordVersion, Slot, State
from tests.support.groups import OFFLINE, feature_group

WRITTEN = 1_700_000_000_000_000
"""µs since the epoch: when the first record of a test is accepted."""
NOON = "2024-01-31T12:00:00Z"


def offline_group(location="s3://lake/offline/customers-1700000000", **changes):
    store = replace(OFFLINE, location=location, table=changes.pop("table", OFFLINE.table))
    return feature_group(**{"offline": store} | changes)


def hive_group(location, **changes):
    """A group whose table is of format Glue."""
    group = offline_group(location, **changes)
    return replace(group, offline=replace(group.offline, table_format=TableFormat.GLUE))


def row(identifier="c1", event_time=NOON, write_time=WRITTEN, **changes):
    """A row of ``tests.support.groups.FEATURES``."""
    base = OfflineRow(
        identifier=identifier,
        event_time=event_time,
        write_time=write_time,
        invocation_time=write_time - 7,
        is_deleted=False,
        values=(identifier, event_time, 3, 0.5, "Oslo"),
    )
    return replace(base, **changes)


def version(group, values, **changes):
    """A version of a record, of its values by feature name."""
    event_time = values[group.event_time_name]
    base = RecordVersion(
        identifier=values[group.record_identifier_name],
        event_key=parse_event_time(event_time, group.event_time_type),
        write_time=WRITTEN,
        invocation_time=WRITTEN - 7,
        state=State.LIVE,
        packed=pack({group.ordinals[name]: value for name, value in values.items()}),
        schema_version=group.schema_version,
    )
    return replace(base, **changes)


def stream_record(
    group, new=None, old=None, *, sequence=1, log=False, by_ttl=False, entered=1_700_000_000.0
):
    """A DynamoDB stream record as Lambda delivers it; ``entered`` is in Unix seconds."""
    image = new or old
    slot = Slot(group.uid, group.shards, image.identifier)
    keys = log_key(slot, image) if log else record_key(slot)
    stream = {
        "ApproximateCreationDateTime": entered,
        "Keys": keys,
        "SequenceNumber": f"{sequence:021d}",
        "SizeBytes": 100,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    for name, each in (("NewImage", new), ("OldImage", old)):
        if each is not None:
            stream[name] = keys | _as_delivered(to_attributes(each, now_nanos=WRITTEN * 1000))
    record = {
        "eventID": f"e{sequence}",
        "eventName": "REMOVE" if new is None else "MODIFY" if old else "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": stream,
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/records/stream/x",
    }
    if by_ttl:
        record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return record


def _as_delivered(item):
    return {
        name: {"B": b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in item.items()
    }


class OneByOne:
    """The batch's tables, written one after the other by ``OfflineTables``."""

    def __init__(self, tables):
        self.tables = tables

    def append_all(self, batch, *, remaining):
        return [self._append(each, remaining) for each in batch]

    def _append(self, each, remaining):
        try:
            return self.tables.append(each.group, each.rows, remaining=remaining)
        except Exception as error:
            return error


def seconds(count):
    """A clock that has that many seconds left now."""
    end = monotonic() + count
    return lambda: end - monotonic()


@contextmanager
def sql_catalog(folder):
    catalog = SqlCatalog(
        "larder", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}"
    )
    catalog.create_namespace_if_not_exists("larder_dev")
    try:
        yield catalog
    finally:
        catalog.close()


def make_lake(bucket):
    """The bucket, and the Glue database if need be, in the cloud that the environment names."""
    boto3.client("s3").create_bucket(Bucket=bucket)
    glue = boto3.client("glue")
    if not glue.get_databases()["DatabaseList"]:
        glue.create_database(DatabaseInput={"Name": "larder_dev"})


def rows_in(catalog, group):
    """All rows of a group's table, as dictionaries, by identifier and times."""
    table = catalog.load_table((group.offline.database, group.offline.table))
    rows = table.scan().to_arrow().to_pylist()
    return sorted(rows, key=lambda each: tuple(str(value) for value in each.values()))


def hive_rows(group):
    """All rows of the files of a table of format Glue, as ``rows_in`` gives them."""
    bucket, s3 = data_uri(group.offline).split("/")[2], boto3.client("s3")
    tables = [
        pq.read_table(BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
        for key in hive_files(group)
    ]
    rows = pa.concat_tables(tables, promote_options="default").to_pylist() if tables else []
    return sorted(rows, key=lambda each: tuple(str(value) for value in each.values()))


def hive_files(group):
    """Keys of the data files of a table of format Glue."""
    bucket, _, prefix = data_uri(group.offline).removeprefix("s3://").partition("/")
    pages = boto3.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=bucket, Prefix=f"{prefix}/")
    return [each["Key"] for page in found for each in page.get("Contents", [])]
