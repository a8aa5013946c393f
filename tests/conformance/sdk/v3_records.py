"""The ``sagemaker`` SDK, version 3: records."""

from sagemaker.core.shapes import BatchGetRecordIdentifier
from sagemaker.core.utils.utils import Unassigned
from sagemaker.mlops.feature_store import (
    FeatureValue,
    IngestionError,
    ingest_dataframe,
    list_records,
    update_record,
)

from tests.conformance.sdk.story import T0, T1, frame


def values(record):
    if isinstance(record, Unassigned):
        return None
    return {each.feature_name: each.value_as_string for each in record}


def get(c, identifier):
    found = c.group.get_record(record_identifier_value_as_string=identifier)
    return values(found.record)


def ingest_row_by_row(c):
    return ingest_dataframe(c.name, frame(0, 10)).failed_rows


def ingest_row_by_row_with_many_workers(c):
    return ingest_dataframe(c.name, frame(10, 50), max_workers=3, max_processes=2).failed_rows


def ingest_in_batches(c):
    return ingest_dataframe(c.name, frame(50, 110), use_batch_write_record=True).failed_rows


def ingest_in_batches_with_many_workers(c):
    manager = ingest_dataframe(
        c.name, frame(110, 170), max_workers=2, max_processes=2, use_batch_write_record=True
    )
    return manager.failed_rows


def failures(c, **how):
    data = frame(170, 175)
    data["at"] = [T0, "yesterday", T0, T0, T0]
    try:
        ingest_dataframe(c.name, data.astype({"at": "string"}), **how)
    except IngestionError as error:
        return sorted(error.failed_rows)
    return None


def ingest_names_the_row_that_failed(c):
    return failures(c)


def ingest_in_batches_names_the_row_that_failed(c):
    return failures(c, use_batch_write_record=True)


def get_record(c):
    return {identifier: get(c, identifier) for identifier in ("r1", "r3", "r169", "nobody")}


def put_and_delete_record(c):
    record = [
        FeatureValue(feature_name=n, value_as_string=v) for n, v in (("id", "put"), ("at", T0))
    ]
    c.group.put_record(record=record)
    stored = get(c, "put")
    c.group.delete_record(record_identifier_value_as_string="put", event_time=T1)
    return stored, get(c, "put")


def batch_get_record(c):
    asked = BatchGetRecordIdentifier(
        feature_group_name=c.name, record_identifiers_value_as_string=["r1", "r2", "nobody"]
    )
    answer = c.group.batch_get_record(identifiers=[asked])
    return [each.record_identifier_value_as_string for each in answer.records], answer.errors


def list_all_records(c):
    found, token = [], None
    while True:
        page = list_records(c.name, max_results=100, next_token=token)
        found += page.record_identifiers
        token = page.next_token
        if not token or isinstance(token, Unassigned):
            return len(found), len(set(found))


def update_one_record(c):
    update_record(c.name, "r1", [{"feature_name": "clicks", "value_as_string": "1000"}])
    return get(c, "r1")


# Forked workers share what connections the SDK's one client has open, and then read each other's
# answers: a whole batch was lost so. They come first, when there are none to share.
STEPS = [
    ingest_row_by_row_with_many_workers,
    ingest_in_batches_with_many_workers,
    ingest_row_by_row,
    ingest_in_batches,
    ingest_names_the_row_that_failed,
    ingest_in_batches_names_the_row_that_failed,
    get_record,
    put_and_delete_record,
    batch_get_record,
    list_all_records,
    update_one_record,
]
