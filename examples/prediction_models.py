"""The two models of ``examples.predictions``, registered as versions of model package groups.

The labels and the products are made, by a seed, as the people are.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from typing import Any

import boto3
import numpy as np
import onnx
import xgboost
from botocore.exceptions import ClientError
from onnx import TensorProto, helper, numpy_helper

from examples.delay_models import packed

Frame = Any  # pandas is untyped here
BUCKET = os.environ.get("LARDER_OFFLINE_BUCKET", "")
COLUMNS = ["income", "balance", "loans", "arrears", "age"]
DIMENSION, PRODUCTS, TOP = 16, 2_000, 10


def credit_model(customers: Frame) -> tuple[str, bytes]:
    """XGBoost of made defaults: its image, and the archive that CreateModelPackage takes."""
    random = np.random.default_rng(1)
    rows = customers[COLUMNS].astype("float32")
    odds = -3 + 0.8 * rows.arrears - 0.0001 * rows.balance
    labels = random.random(len(rows)) < 1 / (1 + np.exp(-odds))
    asked = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.1, "nthread": 1, "seed": 1}
    booster = xgboost.train(asked, xgboost.DMatrix(rows, labels), num_boost_round=80)
    inputs = [
        {"name": name, "feature_group": "customer", "key": "customer_id", "missing": "nan"}
        for name in COLUMNS
    ]
    return "larder-xgboost:1", _archive("model.ubj", bytes(booster.save_raw("ubj")), inputs)


def recommender(seed: int) -> tuple[str, bytes]:
    """An ONNX graph: a taste times the products' vectors, and the numbers of the best ten."""
    products = np.random.default_rng(seed).normal(size=(DIMENSION, PRODUCTS)).astype(np.float32)
    constants = [
        numpy_helper.from_array(products, "products"),
        numpy_helper.from_array(np.array([TOP], np.int64), "top"),
    ]
    nodes = [
        helper.make_node("MatMul", ["taste", "products"], ["liking"]),
        helper.make_node("TopK", ["liking", "top"], ["likings", "numbers"], axis=1),
        helper.make_node("Cast", ["numbers"], ["best"], to=TensorProto.FLOAT),
    ]
    taken, given = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width])
        for name, width in (("taste", DIMENSION), ("best", TOP))
    )
    graph = helper.make_graph(nodes, "recommender", [taken], [given], constants)
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    onnx.checker.check_model(model)
    inputs = [{"name": "taste", "feature_group": "shopper", "key": "shopper_id"}]
    return "larder-onnx:1", _archive("model.onnx", bytes(model.SerializeToString()), inputs)


def register(group: str, model: tuple[str, bytes], alias: str | None) -> None:
    """Make the model the newest approved version of a group, and of ``alias`` where it is named.

    A model whose bytes are registered already makes no new version.
    """
    control, s3 = boto3.client("sagemaker"), boto3.client("s3")
    image, archive = model
    arn = _group(control, group)
    digest = sha256(archive).hexdigest()[:16]
    key = f"model-data/{group}-{digest}/model.tar.gz"
    s3.put_object(Bucket=BUCKET, Key=key, Body=archive)
    package = control.create_model_package(
        ModelPackageGroupName=group,
        ClientToken=digest,
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": f"s3://{BUCKET}/{key}"}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )["ModelPackageArn"]
    control.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    version = package.rpartition("/")[2]
    if alias is not None:
        tag = {"Key": f"larder:alias:{alias}", "Value": version}
        control.add_tags(ResourceArn=arn, Tags=[tag])
    print(f"{group:16} version {version} is approved")


def _group(control: Any, name: str) -> str:  # noqa: ANN401 - boto3's
    """The ARN of a model package group, which is made where it is not there."""
    with suppress(ClientError):
        control.create_model_package_group(ModelPackageGroupName=name)
    found = control.describe_model_package_group(ModelPackageGroupName=name)
    return str(found["ModelPackageGroupArn"])


def _archive(file: str, body: bytes, inputs: list[dict[str, Any]]) -> bytes:
    document = {"version": 1, "inputs": inputs}
    return packed({file: body, "larder/features.json": json.dumps(document).encode()})
