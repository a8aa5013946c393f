"""Predictions through the deployed machine: records in, scores of both stores out."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson
import pytest

from examples.predictions import SEED, shoppers
from tests.e2e.test_clients import run_example
from tests.e2e.test_ingestion import larder
from tests.e2e.test_models import models
from tests.e2e.test_pipelines import asked
from tests.support import boosters
from tests.support.deadlines import eventually

__all__ = ["models"]
pytestmark = pytest.mark.e2e
IMAGE = "larder-xgboost:1"
SOURCE, TARGET, PACKAGES = "scored_customer", "scored_credit", "e2e-credit"
FEATURES = ("income", "loans", "age")
CUSTOMERS = 120
SPECIFICATION = {
    "version": 1,
    "inputs": [
        {"name": "income", "feature_group": SOURCE, "key": "customer_id"},
        {"name": "loans", "feature_group": SOURCE, "key": "customer_id", "missing": {"default": 0}},
        {"name": "age", "feature_group": SOURCE, "key": "customer_id", "missing": "nan"},
    ],
    "output": {"name": "probability"},
}


def rows():
    """Records whose second and third feature is absent now and then."""
    random = np.random.default_rng(7)
    for number in range(CUSTOMERS):
        yield {
            "customer_id": f"c{number:04}",
            "event_time": f"2026-01-0{1 + number % 5}T00:00:00Z",
            "income": round(random.normal(), 3),
            "loans": None if number % 7 == 0 else int(random.integers(0, 4)),
            "age": None if number % 11 == 0 else round(random.normal(), 3),
        }


def score(row):
    """What the library says of a record."""
    values = [row["income"], row["loans"] or 0, np.nan if row["age"] is None else row["age"]]
    return boosters.predict(boosters.booster("binary:logistic"), [values])[0]


@pytest.fixture(scope="module")
def scored(platform, models):
    """Records offline and online, and an approved model of them."""
    runtime = platform.client("sagemaker-featurestore-runtime")
    for row in rows():
        record = [
            {"FeatureName": name, "ValueAsString": str(value)}
            for name, value in row.items()
            if value is not None
        ]
        runtime.put_record(FeatureGroupName=SOURCE, Record=record)
    registered(models)
    described = platform.client("sagemaker").describe_feature_group(FeatureGroupName=SOURCE)
    catalog = described["OfflineStoreConfig"]["DataCatalogConfig"]
    count = f'SELECT COUNT(DISTINCT customer_id) AS n FROM "{catalog["TableName"]}"'
    eventually(lambda: next(asked(platform, catalog, count))["n"] == CUSTOMERS)


def registered(models):
    """The newest version of the model, approved."""
    data = models.upload(
        PACKAGES,
        ("xgboost-model", boosters.ubj("binary:logistic")),
        ("larder/features.json", orjson.dumps(SPECIFICATION)),
    )
    control = models.control
    found = control.list_model_package_groups(NameContains=PACKAGES)
    if not found["ModelPackageGroupSummaryList"]:
        control.create_model_package_group(ModelPackageGroupName=PACKAGES)
    made = control.create_model_package(
        ModelPackageGroupName=PACKAGES,
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": data}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )["ModelPackageArn"]
    described = control.describe_model_package(ModelPackageName=made)
    assert described["ModelPackageStatus"] == "Completed", described
    control.update_model_package(ModelPackageArn=made, ModelApprovalStatus="Approved")
    return made.rpartition("/")[2]


def execution(platform, **given):
    """The output of an execution of the machine that has succeeded."""
    states = platform.client("stepfunctions")
    started = states.start_execution(
        stateMachineArn=platform.outputs["PredictionsStateMachineArn"],
        input=json.dumps({"prediction": TARGET, **given}),
    )["executionArn"]

    def ended():
        found = states.describe_execution(executionArn=started)
        assert found["status"] in ("RUNNING", "SUCCEEDED"), found
        return found["status"] == "SUCCEEDED"

    eventually(ended)
    return json.loads(states.describe_execution(executionArn=started)["output"])


def now():
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"


def record(platform, key):
    """The online scores of a customer."""
    runtime = platform.client("sagemaker-featurestore-runtime")
    found = runtime.get_record(FeatureGroupName=TARGET, RecordIdentifierValueAsString=key)
    return {each["FeatureName"]: each["ValueAsString"] for each in found.get("Record", ())}


def test_all_records_are_scored_and_served(platform, scored):
    """Rows B1, B4 and B5, and the rows of the store's own path: one number, both ways."""
    as_of = now()
    done = execution(platform, as_of=as_of)
    assert (done["state"], done["rows"], done["failed_shards"]) == ("published", CUSTOMERS, [])
    for row in rows():
        found = record(platform, row["customer_id"])
        assert float(found["probability"]) == score(row), row
        assert found["event_time"].startswith(as_of[:16])
        assert found["model_version"].startswith(f"{PACKAGES}/")


def test_the_commands_run_a_prediction_and_show_its_newest_scores(platform, scored, tmp_path):
    """A run again of one snapshot has the same bytes (row B2), and Athena reads them (row B4)."""
    as_of = days_ago(3)
    run = ("predict", "run", TARGET, "--as-of", as_of, "--json")
    done = larder(platform, tmp_path, *run)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == CUSTOMERS
    before = parts(platform, as_of)
    again = larder(platform, tmp_path, *run, "--again")
    assert json.loads(again.stdout)["rows"] == CUSTOMERS, again.stderr
    assert parts(platform, as_of) == before
    assert "nothing to do" in larder(platform, tmp_path, *run[:-1]).stdout
    latest = json.loads(larder(platform, tmp_path, "predict", "latest", TARGET, "--json").stdout)
    assert latest["report"]["source"] == SOURCE
    status = larder(platform, tmp_path, "predict", "status", TARGET)
    assert "published until" in status.stdout, status.stderr
    listed = larder(platform, tmp_path, "predict", "list").stdout
    assert f"{TARGET}: {PACKAGES} (approved) scores {SOURCE} into {TARGET}" in listed


def test_an_older_run_after_a_newer_one_changes_nothing_online(platform, scored, tmp_path):
    """Row B6: the register rule decides, record by record."""
    execution(platform, as_of=now())
    newer = {row["customer_id"]: record(platform, row["customer_id"]) for row in rows()}
    done = larder(platform, tmp_path, "predict", "run", TARGET, "--as-of", days_ago(2))
    assert done.returncode == 0, done.stderr
    assert {key: record(platform, key) for key in newer} == newer


def test_what_can_not_be_scored_fails_with_its_cause_and_a_redrive_goes_on(
    platform, scored, models, tmp_path
):
    """A run whose gate closes publishes nothing; the redrive of it publishes the same scores."""
    as_of = days_ago(4)
    empty = larder(platform, tmp_path, "predict", "run", TARGET, "--as-of", "2020-01-01T00:00Z")
    assert empty.returncode == 1
    assert "rows min: 0, expected at least 10" in empty.stderr
    status = larder(platform, tmp_path, "predict", "status", TARGET)
    assert (status.returncode, "2020-01-01T00:00:00Z blocked" in status.stdout) == (1, True)
    redriven = larder(platform, tmp_path, "predict", "redrive", TARGET)
    assert redriven.returncode == 1, "there is nothing else to score"
    assert larder(platform, tmp_path, "predict", "run", TARGET, "--as-of", as_of).returncode == 0


def test_scores_are_a_partitioned_table_for_athena(platform, scored):
    """Row B4: its DDL parses, and its rows are those that were published."""
    as_of = days_ago(5)
    execution(platform, as_of=as_of)
    bucket = platform.outputs["OfflineBucketName"]
    described = platform.client("sagemaker").describe_feature_group(FeatureGroupName=TARGET)
    catalog = described["OfflineStoreConfig"]["DataCatalogConfig"]
    place = next(iter(parts(platform, as_of))).removeprefix(f"predictions/{TARGET}/")
    keys = dict(each.split("=") for each in place.split("/")[:-1])
    folder = f"s3://{bucket}/predictions/{TARGET}/"
    for each in (
        "DROP TABLE IF EXISTS e2e_scores",
        "CREATE EXTERNAL TABLE e2e_scores (customer_id string, event_time timestamp, "
        "probability double, model_version string, feature_snapshot bigint, "
        "specification_hash string) PARTITIONED BY (model string, version string, as_of string) "
        f"STORED AS PARQUET LOCATION '{folder}'",
        f"ALTER TABLE e2e_scores ADD PARTITION (model = '{PACKAGES}', "
        f"version = '{keys['version']}', as_of = '{keys['as_of']}') "
        f"LOCATION '{folder}{place.rpartition('/')[0]}/'",
    ):
        list(asked(platform, catalog, each))
    counted = "SELECT COUNT(*) AS n, COUNT(DISTINCT customer_id) AS k FROM e2e_scores"
    assert next(asked(platform, catalog, counted)) == {"n": CUSTOMERS, "k": CUSTOMERS}


def days_ago(days):
    """An instant that is one test's own."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%MZ}"


def parts(platform, as_of):
    """The ETag of each part of an instant's scores."""
    s3, bucket = platform.client("s3"), platform.outputs["OfflineBucketName"]
    stamp = as_of.replace("-", "").replace(":", "").rstrip("Z")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"predictions/{TARGET}/model=")["Contents"]
    return {each["Key"]: each["ETag"] for each in found if f"as_of={stamp}" in each["Key"]}


def test_the_examples_people_have_their_scores_when_they_come(platform):
    """`make predictions`, of fewer people: XGBoost of numbers, and ONNX of a vector to a list."""
    done = run_example(
        platform, "examples.predictions", "--customers", "3000", "--shoppers", "1500"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3,000 of 3,000 scored and published" in done.stdout
    assert "1,500 of 1,500 scored and published" in done.stdout
    assert "c0000007: customer_id c0000007" in done.stdout
    runtime = platform.client("sagemaker-featurestore-runtime")
    found = runtime.get_record(
        FeatureGroupName="recommendations",
        RecordIdentifierValueAsString="s0000007",
        FeatureNames=["products"],
    )["Record"]
    products = [int(each) for each in found[0]["ValueAsStringList"]]
    taste = shoppers(1500).taste.to_list()[7].astype("f4")
    liking = taste @ np.random.default_rng(SEED).normal(size=(16, 2000)).astype("f4")
    assert products == np.argsort(-liking, kind="stable")[:10].tolist()
