"""A chat about an order: "where is my order?", asked of a model and of the feature store at once.

    eval "$(make -s env)"; .venv/bin/python -m examples.order_chat "is it on its way?"

A text classifier (ONNX, with texts as its input) learns the intent from the sentences below, which
are made. The message goes to the endpoint as a text. The customer's last order is a record of the
feature store. The answer is one sentence made of both. No language model is here.
A second run finds group, model and endpoint there and goes on.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from hashlib import sha256

import boto3
import numpy as np
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import StringTensorType
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from examples.card_fraud import create_group, make, write
from examples.delay_models import packed

BUCKET = os.environ.get("LARDER_OFFLINE_BUCKET", "")
ROLE = "arn:aws:iam::000000000000:role/example"  # SageMaker asks for one; Larder keeps its form
ENDPOINT, GROUP, CUSTOMER = "order-chat", "chat-orders", "ada"
FEATURES = {
    "customer": "String",
    "event_time": "String",
    "item": "String",
    "state": "String",
    "arrives": "String",
}
SENTENCES = {
    "where": ["where is my order", "when does it arrive", "is it on its way", "track my parcel"],
    "cancel": ["cancel my order", "please stop the delivery", "i do not want it any more"],
    "return": ["i want to return it", "send it back", "give me my money back", "it is broken"],
}
ANSWERS = {
    "where": "Your {item} is {state} and arrives on {arrives}.",
    "cancel": "Your {item} is {state}; shall I cancel it before {arrives}?",
    "return": "I am sorry: you may send the {item} back for 30 days from {arrives} on.",
}
SPEC = {
    "version": 1,
    "inputs": [{"name": "message", "source": "request", "type": "String"}],
    "output": {"name": "intents"},
}

endpoints = boto3.client("sagemaker-runtime")
records = boto3.client("sagemaker-featurestore-runtime")
control = boto3.client("sagemaker")


def main() -> None:
    """Make the order, the model and the endpoint; answer the messages of the command line."""
    create_group(GROUP, FEATURES)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    order = {"item": "blue kettle", "state": "with the carrier", "arrives": "Friday"}
    write(GROUP, [{"customer": CUSTOMER, "event_time": now, **order}])
    deploy(trained())
    for message in sys.argv[1:] or ["where is my order?", "I want my money back"]:
        print(f"\n{CUSTOMER}: {message}\nshop: {answered(message)}")


def answered(message: str) -> str:
    """One sentence: the intent of the message, filled with the customer's last order."""
    words = "".join(each for each in message.lower() if each.isalnum() or each == " ")
    answer = endpoints.invoke_endpoint(
        EndpointName=ENDPOINT,
        ContentType="application/json",
        Body=json.dumps({"instances": [{"message": words}]}),
    )
    [found] = json.loads(answer["Body"].read())["predictions"]
    intent = list(SENTENCES)[int(np.argmax(found["intents"]))]
    record = records.get_record(FeatureGroupName=GROUP, RecordIdentifierValueAsString=CUSTOMER)
    order = {each["FeatureName"]: each["ValueAsString"] for each in record["Record"]}
    return ANSWERS[intent].format(**order)


def trained() -> bytes:
    """The classifier as ONNX, with its specification in one archive.

    ``lowercase`` is off: in ONNX it needs a locale that Lambda has not. The caller does it.
    """
    texts = [text for several in SENTENCES.values() for text in several]
    labels = [place for place, several in enumerate(SENTENCES.values()) for _ in several]
    model = make_pipeline(CountVectorizer(lowercase=False), LogisticRegression(C=10))
    model.fit(texts, labels)
    made = convert_sklearn(
        model,
        initial_types=[("message", StringTensorType([None, 1]))],
        options={id(model): {"zipmap": False}},
        target_opset=17,
    )
    file, spec = made.SerializeToString(), json.dumps(SPEC).encode()
    return packed({"model.onnx": file, "larder/features.json": spec})


def deploy(archive: bytes) -> None:
    """Upload the archive, and make what is not there yet: model, configuration, endpoint."""
    name = f"{ENDPOINT}-{sha256(archive).hexdigest()[:8]}"
    key = f"model-data/{name}/model.tar.gz"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=archive)
    container = {"Image": "larder-onnx:1", "ModelDataUrl": f"s3://{BUCKET}/{key}"}
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


if __name__ == "__main__":
    if not BUCKET:
        sys.exit('LARDER_OFFLINE_BUCKET is not set: eval "$(make -s env)"')
    main()
