"""An endpoint to be measured: an XGBoost model whose inputs all come from feature groups."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import xgboost

from benchmarks.function import Shape
from benchmarks.stub import load
from larder.models.adapters.dynamodb_item import item_key
from larder.models.registry_items import Kind
from larder.models.served import (
    Contract,
    EndpointStatus,
    FeatureSpec,
    Fleet,
    Missing,
    ModelArtefact,
    ModelInput,
    Runtime,
    ServedEndpoint,
    ServedModel,
    SourceKind,
    Variant,
)
from larder.models.served_json import to_json

NAME = "bench"
_TREES, _DEPTH = 300, 6


def trained(width: int) -> bytes:
    """A model of the size that the specification's figures are of."""
    random = np.random.default_rng(1)
    given = random.normal(size=(4_000, width)).astype(np.float32)
    labels = (given[:, :3].sum(axis=1) + random.normal(size=len(given)) > 0).astype(int)
    asked = {"objective": "binary:logistic", "max_depth": _DEPTH, "nthread": 1}
    return bytes(xgboost.train(asked, xgboost.DMatrix(given, labels), _TREES).save_raw("ubj"))


def copies(artefact: bytes, count: int) -> list[bytes]:
    """So many models that differ by a remark in their files alone."""
    booster = xgboost.Booster(model_file=bytearray(artefact))
    made = []
    for number in range(count):
        booster.set_attr(copy=str(number))
        made.append(bytes(booster.save_raw("ubj")))
    return made


def serve(url: str, artefact: bytes, shapes: Sequence[Shape], name: str = NAME) -> None:
    """Give the stub an endpoint of one variant."""
    variant = Variant(name="all", weight=1.0, model=_model(artefact, shapes, name))
    endpoint = ServedEndpoint(
        name=name,
        uid=name,
        status=EndpointStatus.IN_SERVICE,
        generation=1,
        salt=name,
        blue=Fleet(config=name, variants=(variant,)),
    )
    key = item_key(Kind.ENDPOINT, endpoint.name)
    load(url, [("registry", key, {"served": {"S": to_json(endpoint)}})])


def _model(artefact: bytes, shapes: Sequence[Shape], name: str) -> ServedModel:
    inputs = tuple(each for shape in shapes for each in _inputs(shape))
    return ServedModel(
        name=name,
        uid=name,
        runtime=Runtime.XGBOOST,
        contract=Contract.LARDER,
        artefacts=(ModelArtefact(sha256=sha256(artefact).hexdigest(), size=len(artefact)),),
        width=len(inputs),
        features=FeatureSpec(inputs=inputs, sha256=name),
    )


def _inputs(shape: Shape) -> list[ModelInput]:
    group = shape.group
    return [
        ModelInput(
            name=f"{group.name}.{each.name}",
            source=SourceKind.FEATURE_GROUP,
            type=str(each.type),
            group=group.name,
            group_uid=group.uid,
            feature=each.name,
            key=group.record_identifier_name,
            missing=Missing.NAN,
        )
        for each in group.features[2:]
    ]
