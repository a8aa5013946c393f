"""Is this card payment a fraud? One amount from the request, all else from the feature store.

    eval "$(make -s env)"; .venv/bin/python -m examples.card_fraud

The payments are made, by a generator with a seed: no bank's data are here, and the scores say
nothing about real fraud. Two groups are written, cards and merchants. XGBoost learns from the
payments, each with what was known before it. A payment is then asked for by its two identifiers,
first with the amount that the card paid last, then with another one as override.
A second run finds groups, model and endpoint there and goes on.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from hashlib import sha256
from random import Random
from typing import Any

import boto3
import numpy as np
import xgboost
from botocore.exceptions import ClientError

from examples.delay_models import packed

BUCKET = os.environ.get("LARDER_OFFLINE_BUCKET", "")
ROLE = "arn:aws:iam::000000000000:role/example"  # SageMaker asks for one; Larder keeps its form
ENDPOINT = "card-fraud"
SEED, CARDS, MERCHANTS, PAYMENTS = 7, 200, 25, 6_000
BATCH = 25  # BatchWriteRecord takes no more
GROUPS = {
    "fraud-cards": {
        "card_id": "String",
        "event_time": "String",
        "amount": "Fractional",
        "mean_amount": "Fractional",
        "payments": "Integral",
    },
    "fraud-merchants": {
        "merchant_id": "String",
        "event_time": "String",
        "chargeback_rate": "Fractional",
    },
}
INPUTS: list[dict[str, Any]] = [
    {"name": "amount", "feature_group": "fraud-cards"},
    {"name": "mean_amount", "feature_group": "fraud-cards", "missing": "nan"},
    {"name": "payments", "feature_group": "fraud-cards", "missing": {"default": 0}},
    {"name": "chargeback_rate", "feature_group": "fraud-merchants", "missing": "nan"},
]
SPEC = {"version": 1, "unit": "card_id", "inputs": INPUTS, "output": {"name": "fraud"}}
Payment = dict[str, Any]

control = boto3.client("sagemaker")
records = boto3.client("sagemaker-featurestore-runtime")
endpoints = boto3.client("sagemaker-runtime")


def main() -> None:
    """Make payments, write the groups, train, deploy, ask."""
    payments = made_payments()
    print(
        f"{len(payments)} made payments, {sum(p['fraud'] for p in payments) / PAYMENTS:.1%} frauds"
    )
    for group, features in GROUPS.items():
        create_group(group, features)
        write(group, newest(payments, features))
    deploy(trained(payments))
    last = payments[-1]
    keys = {"card_id": last["card_id"], "merchant_id": last["merchant_id"]}
    for instance in (keys, {**keys, "amount": round(20 * last["mean_amount"], 2)}):
        show(instance)


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


def made_payments() -> list[Payment]:
    """Payments in the order in which they happen, each with what was known before it."""
    random = Random(SEED)  # noqa: S311 - nothing secret
    usual = {f"card-{n}": random.lognormvariate(3.5, 0.6) for n in range(CARDS)}
    rates = {f"shop-{n}": round(random.betavariate(1, 30), 4) for n in range(MERCHANTS)}
    seen: dict[str, list[float]] = {card: [] for card in usual}
    payments = []
    for _ in range(PAYMENTS):
        card, merchant = random.choice(list(usual)), random.choice(list(rates))
        amount = round(usual[card] * random.lognormvariate(0, 0.9), 2)
        before = seen[card]
        mean = round(sum(before) / len(before), 2) if before else usual[card]
        odds = -5 + 1.2 * np.log(amount / mean) + 30 * rates[merchant]
        payments.append(
            {
                "card_id": card,
                "merchant_id": merchant,
                "amount": amount,
                "mean_amount": mean,
                "payments": len(before),
                "chargeback_rate": rates[merchant],
                "fraud": int(random.random() < 1 / (1 + np.exp(-odds))),
            }
        )
        before.append(amount)
    return payments


def newest(payments: list[Payment], features: dict[str, str]) -> list[dict[str, str]]:
    """Each identifier's last values, as records of now."""
    identifier, now = next(iter(features)), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    last = {each[identifier]: {**each, "event_time": now} for each in payments}
    return [{name: str(values[name]) for name in features} for values in last.values()]


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


def trained(payments: list[Payment]) -> bytes:
    """XGBoost over the specification's inputs, with it in one archive."""
    names = [each["name"] for each in INPUTS]
    rows = np.array([[each[name] for name in names] for each in payments], np.float32)
    labels = [each["fraud"] for each in payments]
    asked = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.1, "nthread": 1, "seed": 1}
    booster = xgboost.train(asked, xgboost.DMatrix(rows, labels), num_boost_round=60)
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
