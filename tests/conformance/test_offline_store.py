"""The offline store: where data lie, in which columns, what of a history is there."""

import json
import re
from io import BytesIO

import boto3
import pyarrow.parquet as pq
import pytest

from tests.conformance.refusals import code
from tests.conformance.store import AT, FEATURES, ID, T0, T1, T2

GLUE, ICEBERG = {"TableFormat": "Glue"}, {"TableFormat": "Iceberg"}
COLUMNS = [*FEATURES, "write_time", "api_invocation_time", "is_deleted"]
TYPES = ["string", "string", "bigint", "double", "string", "timestamp", "timestamp", "boolean"]
NO_TABLE = {"DisableGlueTableCreation": True}


@pytest.fixture(scope="module")
def glue_group(store):
    return store.create("hourly", offline=GLUE)


@pytest.fixture(scope="module", params=["Glue", "Iceberg"])
def any_group(store, request):
    return store.create(request.param.lower(), offline={"TableFormat": request.param})


def config_of(store, name):
    return store.sm.describe_feature_group(FeatureGroupName=name)["OfflineStoreConfig"]


def data_files(store, offline, name):
    """Address below the data folder, and key, of each data file of a group."""
    uri = config_of(store, name)["S3StorageConfig"]["ResolvedOutputS3Uri"]
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    pages = offline.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return bucket, {key.removeprefix(f"{prefix}/"): key for key in keys}


def test_row_095_files_lie_and_are_named_as_sagemakers(store, offline, glue_group, key):
    store.put(glue_group, key, "2020-06-30T00:44:01Z", {"clicks": "3", "score": "0.5"})
    offline.eventually(glue_group, key, 1)
    bucket, files = data_files(store, offline, glue_group)
    wanted = r"year=2020/month=06/day=30/hour=00/20200630T004401Z_[0-9A-Za-z]{16}\.parquet"
    (found,) = [each for each in files if re.fullmatch(wanted, each)]
    body = offline.s3.get_object(Bucket=bucket, Key=files[found])["Body"].read()
    columns = {each.name.lower(): str(each.type) for each in pq.read_schema(BytesIO(body))}
    assert list(columns) == COLUMNS
    assert (columns["clicks"], columns["score"]) == ("int64", "double")
    assert columns["write_time"].startswith("timestamp")


def test_row_095_the_glue_table_is_an_external_one_of_parquet(store, offline, glue_group):
    database, name = offline.catalog(glue_group)
    table = offline.glue.get_table(DatabaseName=database, Name=name)["Table"]
    descriptor = table["StorageDescriptor"]
    resolved = config_of(store, glue_group)["S3StorageConfig"]["ResolvedOutputS3Uri"]
    assert [each["Name"] for each in descriptor["Columns"]] == COLUMNS
    assert [each["Type"] for each in descriptor["Columns"]] == TYPES
    assert (table["TableType"], descriptor["Location"]) == ("EXTERNAL_TABLE", resolved)
    assert config_of(store, glue_group)["TableFormat"] == "Glue"


def test_row_037_095_an_added_feature_is_null_in_older_rows(store, offline):
    name = store.create("hourly-grows", offline=GLUE)
    store.put(name, "old", T0, {"city": "Ulm"})
    more = [{"FeatureName": "more", "FeatureType": "Integral"}]
    store.sm.update_feature_group(FeatureGroupName=name, FeatureAdditions=more)
    store.wait_updated(name)
    assert offline.columns(name)["more"] == "bigint"
    (old,) = offline.eventually(name, "old", 1)
    assert (old["city"], "more" in old) == ("Ulm", False)


def test_row_096_what_is_accepted_appears(store, offline, any_group, key):
    for moment in (T0, T1, T2):
        store.put(any_group, key, moment)
    assert [row[AT] for row in offline.eventually(any_group, key, 3)] == [T0, T1, T2]


def test_row_098_every_version_is_there_with_its_times(store, offline, any_group, key):
    store.put(any_group, key, T1, {"city": "Ulm"})
    store.put(any_group, key, T1, {"city": "corrected"})
    store.put(any_group, key, T0, {"city": "historic"})
    store.delete(any_group, key, T2)
    rows = offline.eventually(any_group, key, 4)
    assert [(row[AT], row.get("city"), row["is_deleted"]) for row in rows] == [
        (T0, "historic", "false"),
        (T1, "Ulm", "false"),
        (T1, "corrected", "false"),
        (T2, None, "true"),
    ]
    assert all(row["api_invocation_time"] <= row["write_time"] for row in rows)


def test_row_099_a_table_has_the_name_that_is_given(store, offline, any_group, key):
    table = store.name("named").replace("-", "_")
    database, _ = offline.catalog(any_group)
    catalog = {"Catalog": "AwsDataCatalog", "Database": database, "TableName": table}
    config = {**GLUE, "DataCatalogConfig": catalog}
    name = store.create("named", offline=config)
    assert config_of(store, name)["DataCatalogConfig"] == catalog
    store.put(name, key, T0)
    assert offline.eventually(name, key, 1)[0]["is_deleted"] == "false"
    taken = store.start("taken", offline=config)
    assert "already exists" in store.wait(taken, "CreateFailed")["FailureReason"]


@pytest.mark.parametrize(
    "wrong", [{"TableName": "Upper"}, {"TableName": "1st"}, {"Catalog": "mine"}], ids=str
)
def test_row_099_names_that_glue_would_not_take_are_refused(store, offline, any_group, wrong):
    database, _ = offline.catalog(any_group)
    catalog = {"Catalog": "AwsDataCatalog", "Database": database, "TableName": "table"} | wrong
    asked = store.request(store.name(), offline={"DataCatalogConfig": catalog})
    assert code(store.sm.create_feature_group, **asked) == "ValidationException"


def test_row_099_without_a_glue_table_data_are_written_all_the_same(store, offline, key):
    name = store.create("no-table", offline=NO_TABLE)
    config = config_of(store, name)
    assert (config["TableFormat"], config["DisableGlueTableCreation"]) == ("Glue", True)
    assert "DataCatalogConfig" not in config
    store.put(name, key, T0)
    offline.until(lambda: data_files(store, offline, name)[1])


def test_row_099_a_table_that_its_owner_brings_is_not_looked_at(store):
    catalog = {"Catalog": "AwsDataCatalog", "Database": "not_there", "TableName": "not_there"}
    name = store.create("brought", offline={**NO_TABLE, "DataCatalogConfig": catalog})
    assert config_of(store, name)["DataCatalogConfig"] == catalog


def test_row_099_an_iceberg_table_can_not_be_left_out(store):
    asked = store.request(store.name(), offline={**NO_TABLE, **ICEBERG})
    assert code(store.sm.create_feature_group, **asked) == "ValidationException"


def test_row_100_an_iceberg_table_has_daily_partitions_and_rows_can_be_deleted(store, offline):
    name = store.create("iceberg", offline=ICEBERG)
    for identifier in ("stays", "goes"):
        store.put(name, identifier, T0)
        offline.eventually(name, identifier, 1)
    database, table = offline.catalog(name)
    found = offline.glue.get_table(DatabaseName=database, Name=table)["Table"]
    place = found["Parameters"]["metadata_location"]
    assert "/metadata/" in place
    bucket, _, path = place.removeprefix("s3://").partition("/")
    metadata = json.loads(offline.s3.get_object(Bucket=bucket, Key=path)["Body"].read())
    (partition,) = metadata["partition-specs"][-1]["fields"]
    assert (partition["name"], partition["transform"]) == (f"{AT}_trunc", "truncate[10]")
    offline.query(f'DELETE FROM "{database}"."{table}" WHERE "{ID}" = \'goes\'')
    assert [row[ID] for row in offline.rows(name)] == ["stays"]


def test_row_100_an_earlier_snapshot_can_still_be_read(store, offline, key):
    name = store.create("travel", offline=ICEBERG)
    store.put(name, key, T0)
    offline.eventually(name, key, 1)
    database, table = offline.catalog(name)
    (first,) = offline.query(f'SELECT snapshot_id FROM "{database}"."{table}$snapshots"')
    store.put(name, key, T1)
    offline.eventually(name, key, 2)
    then = f'"{database}"."{table}" FOR VERSION AS OF {first["snapshot_id"]}'
    assert [row[AT] for row in offline.query(f"SELECT * FROM {then}")] == [T0]


def test_row_101_the_key_that_is_named_encrypts_the_files(store, offline, target, key):
    rules = offline.s3.get_bucket_encryption(Bucket=target.bucket)
    (rule,) = rules["ServerSideEncryptionConfiguration"]["Rules"]
    kms = rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    storage = {"S3Uri": f"s3://{target.bucket}/offline", "KmsKeyId": kms}
    name = store.create("encrypted", offline={**GLUE, "S3StorageConfig": storage})
    assert config_of(store, name)["S3StorageConfig"]["KmsKeyId"] == kms
    store.put(name, key, T0)
    offline.eventually(name, key, 1)
    bucket, files = data_files(store, offline, name)
    (only,) = files.values()
    head = offline.s3.head_object(Bucket=bucket, Key=only)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", kms)


@pytest.mark.parametrize("table_format", ["Glue", "Iceberg"])
def test_row_101_the_accounts_default_bucket_holds_a_group(
    store, offline, target, table_format, key
):
    if target.database != "sagemaker_featurestore":
        pytest.skip("the stage does not use SageMaker's names")
    bucket = f"sagemaker-{boto3.Session().region_name}-{store.account}"
    storage = {"S3Uri": f"s3://{bucket}/features"}
    settings = {"TableFormat": table_format, "S3StorageConfig": storage}
    name = store.create("default-bucket", offline=settings)
    store.put(name, key, T0, {"city": "Ulm"})
    (row,) = offline.eventually(name, key, 1)
    assert (row[ID], row["city"]) == (key, "Ulm")
    found, files = data_files(store, offline, name)
    assert (found, len(files) > 0) == (bucket, True)
    assert offline.catalog(name)[0] == "sagemaker_featurestore"


def test_row_102_a_column_has_the_name_that_the_query_gives_it(store, offline, any_group):
    database, table = offline.catalog(any_group)
    sql = f'SELECT Clicks, "CLICKS", score AS Score, * FROM "{database}"."{table}"'
    assert offline.columns_of(sql) == ["Clicks", "CLICKS", "Score", *COLUMNS]


def test_row_102_times_are_printed_by_their_columns_type(store, offline, any_group, key):
    store.put(any_group, key, T0)
    offline.eventually(any_group, key, 1)
    database, table = offline.catalog(any_group)
    sql = (
        "SELECT CAST(write_time AS timestamp) AS coarse, date_trunc('day', write_time) AS day "
        f'FROM "{database}"."{table}" WHERE "{ID}" = \'{key}\''
    )
    (row,) = offline.query(sql)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", row["coarse"])
    digits = {"ICEBERG": 6}.get(offline.table_type(any_group), 3)
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d 00:00:00\.0{{{digits}}}( UTC)?", row["day"])


def test_row_102_all_columns_are_the_features_and_then_sagemakers(store, offline, any_group, key):
    features = {"clicks": "1", "score": "0.5", "city": "Ulm"}
    store.put(any_group, key, T0, features)
    (row,) = offline.eventually(any_group, key, 1)
    assert list(row) == COLUMNS
