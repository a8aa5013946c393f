"""Predictions through the deployed machine: records in, scores of both stores out."""

import json
from datetime import UTC, datetime

import numpy as np
import orjson
import pytest

from tests.e2e.test_models import models
from tests.e2e.test_pipelines import asked
from tests.support import boosters
from tests.support.deadlines import eventually

__all__ = ["models"]
pytestmark = pytest.mark.e2e
IMAGE = "larder-xgboost:1"
SOURCE, TARGET, PACKAGES = "scored_customer", "credit_score", "e2e-credit"
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
