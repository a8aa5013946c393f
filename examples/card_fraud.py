"""Is this card payment a fraud? One amount from the request, all else from the feature store.

    eval "$(make -s env)"; .venv/bin/python -m examples.card_fraud

The payments are made, by a generator with a seed: the scores say nothing about real fraud. They are
written as a table of events. A pipeline computes the features of cards (features/card.yaml), as of
each payment. XGBoost learns from payments, each with what was known before it. A payment is then
asked for by its two identifiers, first with the amount that the card paid last, then with a far
greater one as override.
A second run finds groups, model and endpoint there and goes on.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import boto3
import numpy as np
import pandas as pd
import xgboost
from botocore.exceptions import ClientError

import larder
from examples import payments
from examples.delay_models import packed
from examples.payments import Payment
from larder import GroupFeatures, Platform

Frame = Any  # pandas is untyped here

BUCKET = os.environ.get("LARDER_OFFLINE_BUCKET", "")
ROLE = "arn:aws:iam::000000000000:role/example"  # SageMaker asks for one; Larder keeps its form
ENDPOINT = "card-fraud"
BATCH = 25  # BatchWriteRecord takes no more
MERCHANTS = "fraud-merchants"
MERCHANT = {"merchant_id": "String", "event_time": "String", "chargeback_rate": "Fractional"}
CARD = ("transactions_24h", "transactions_7d", "mean_amount_30d", "spend_24h", "decline_rate_7d")
INPUTS: list[dict[str, Any]] = [
    {"name": "amount", "feature_group": "card", "feature": "last_amount"},
    *({"name": name, "feature_group": "card", "missing": "nan"} for name in CARD),
    {"name": "chargeback_rate", "feature_group": MERCHANTS, "missing": "nan"},
]
SPEC = {"version": 1, "unit": "card_id", "inputs": INPUTS, "output": {"name": "fraud"}}

control = boto3.client("sagemaker")
records = boto3.client("sagemaker-featurestore-runtime")
endpoints = boto3.client("sagemaker-runtime")


def main() -> None:
    """Write payments, have features computed, train, deploy, ask."""
    made = payments.made_payments()
    print(f"{len(made)} made payments, {sum(p['fraud'] for p in made) / len(made):.1%} frauds")
    payments.publish()
    create_group(MERCHANTS, MERCHANT)
    write(MERCHANTS, merchants(made))
    with larder.connect() as platform:
        compute(platform)
        rows = training_rows(platform, made)
    deploy(trained(rows))
    last = made[-1]
    keys = {"card_id": last["card_id"], "merchant_id": last["merchant_id"]}
    usual = rows[rows.card_id == last["card_id"]].mean_amount_30d.iloc[-1]
    for instance in (keys, {**keys, "amount": round(20 * usual, 2)}):
        show(instance)


def compute(platform: Platform) -> None:
    """Have the pipeline of ``features/card.yaml`` compute what is not computed yet."""
    run = platform.pipelines.run("card", after=payments.FIRST, until=payments.UNTIL, chunk="31d")
    if run.status != "SUCCEEDED":
        sys.exit(f"card: the run {run.status}: {run.cause}")
    print(f"card: {run.rows} records" if run.published else "card: is there already")


def training_rows(platform: Platform, made: list[Payment]) -> Frame:
    """The payments, each with its card's features as of that moment: without itself."""
    labels = pd.DataFrame(made)
    labels["authorized_at"] = labels.authorized_at.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return platform.training_sets.create(
        f"card-fraud-{int(time.time())}",
        labels,
        event_time="authorized_at",
        features=[GroupFeatures(group="card", features=list(CARD))],
        engine="duckdb",
    ).to_pandas()


def create_group(group: str, features: dict[str, str]) -> None:
    """Create a group with an online store alone, unless it is there."""
    make(
        control.create_feature_group,
        FeatureGroupName=group,
        RecordIdentifierFeatureName=next(iter(features)),
        EventTimeFeatureName="event_time",
        FeatureDefinitions=[
            {"FeatureName": name, "FeatureType": kind} for name, kind in features.items()
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
    )


def merchants(made: list[Payment]) -> list[dict[str, str]]:
    """Each merchant's rate of chargebacks, as records of now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    last = {each["merchant_id"]: {**each, "event_time": now} for each in made}
    return [{name: str(values[name]) for name in MERCHANT} for values in last.values()]


def write(group: str, rows: list[dict[str, str]]) -> None:
    """Write records, and what a call left unprocessed by the next one."""
    entries: list[Any] = [
        {
            "FeatureGroupName": group,
            "Record": [{"FeatureName": n, "ValueAsString": text} for n, text in row.items()],
        }
        for row in rows
    ]
    while entries:
        answer = records.batch_write_record(Entries=entries[:BATCH])
        if answer["Errors"]:
            sys.exit(f"{group}: {answer['Errors'][0]['ErrorMessage']}")
        entries = answer["UnprocessedEntries"] + entries[BATCH:]
    print(f"{group}: {len(rows)} records")


def trained(frame: Frame) -> bytes:
    """XGBoost over the specification's inputs, with it in one archive."""
    rows = frame[[each["name"] for each in INPUTS]].to_numpy(np.float32)
    asked = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.1, "nthread": 1, "seed": 1}
    booster = xgboost.train(asked, xgboost.DMatrix(rows, frame.fraud), num_boost_round=60)
    spec = json.dumps(SPEC).encode()
    return packed({"model.ubj": bytes(booster.save_raw("ubj")), "larder/features.json": spec})


def deploy(archive: bytes) -> None:
    """Upload the archive, and make what is not there yet: model, configuration, endpoint."""
    name = f"{ENDPOINT}-{sha256(archive).hexdigest()[:8]}"
    key = f"model-data/{name}/model.tar.gz"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=archive)
    container = {"Image": "larder-xgboost:1", "ModelDataUrl": f"s3://{BUCKET}/{key}"}
    make(control.create_model, ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    variant = {
        "VariantName": "all",
        "ModelName": name,
        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},  # kept without effect
    }
    make(control.create_endpoint_config, EndpointConfigName=name, ProductionVariants=[variant])
    if not make(control.create_endpoint, EndpointName=ENDPOINT, EndpointConfigName=name):
        control.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=name)
    control.get_waiter("endpoint_in_service").wait(
        EndpointName=ENDPOINT, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def make(operation: Any, **members: Any) -> bool:  # noqa: ANN401 - boto3 is untyped here
    """Call an operation that makes something; False where that is there already."""
    try:
        operation(**members)
    except ClientError as error:
        if "already exist" not in str(error) and error.response["Error"]["Code"] != "ResourceInUse":
            raise
        return False
    return True


def show(instance: dict[str, Any]) -> None:
    """Ask for one payment and print the score and what it was made of."""
    answer = endpoints.invoke_endpoint(
        EndpointName=ENDPOINT,
        ContentType="application/json",
        Body=json.dumps({"instances": [instance], "parameters": {"features": "all"}}),
    )
    [found] = json.loads(answer["Body"].read())["predictions"]
    print(f"\nasked  {json.dumps(instance)}\nfraud  {found['fraud']:.4f}")
    for name, state in found["features"].items():
        print(f"  {name:16} {state.get('value', '-'):>8}  {state['status']}")


if __name__ == "__main__":
    if not BUCKET:
        sys.exit('LARDER_OFFLINE_BUCKET is not set: eval "$(make -s env)"')
    main()
