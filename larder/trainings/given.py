"""What a run gives to others: the training step's event, and the request that registers a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from larder.training_sets.manifest import LABEL, Manifest
from larder.trainings.compare import SetColumn
from larder.trainings.definition import Training
from larder.trainings.folders import Folders
from larder.trainings.ports import Parts
from larder.trainings.runs import TrainingRun

_MEDIA: Final = ["application/json"]
_TEXT: Final = ("string", "large_string")


def set_columns(manifest: Manifest) -> tuple[SetColumn, ...]:
    """The columns of a set, with the key that each feature was joined by."""
    keys = {
        (each["group"], output): each["key"]
        for each in manifest.parameters["groups"]
        for output in each["features"]
    }
    found = []
    for column in manifest.columns:
        if column.source == LABEL:
            found.append(SetColumn(column.name))
            continue
        group, _, feature = column.source.partition(":")
        found.append(SetColumn(column.name, group, feature, keys[group, column.name]))
    return tuple(found)


def features_of(manifest: Manifest) -> tuple[str, ...]:
    """The names of the columns that are features, in the set's order."""
    return tuple(each.name for each in manifest.columns if each.source != LABEL)


def specification(manifest: Manifest) -> dict[str, Any]:
    """A ``larder/features.json`` of a model whose columns are all features of the set, in order.

    Numbers may be missing. What is a text needs categories, which the training step knows.
    """
    kinds = {each.name: each.type for each in manifest.columns}
    inputs = []
    for each in set_columns(manifest):
        if each.group:
            missing = {} if kinds[each.name] in _TEXT else {"missing": "nan"}
            named = {"name": each.name, "feature_group": each.group, "feature": each.feature}
            inputs.append({**named, "key": each.key, **missing})
    return {"version": 1, "inputs": inputs}


def event_of(
    training: Training, run: TrainingRun, manifest: Manifest, folders: Folders, parts: Parts
) -> dict[str, Any]:
    """The JSON that the training step is invoked with."""
    return {
        "training": training.name,
        "run": run.id,
        "training_set": run.training_set,
        "manifest_sha256": run.manifest_sha256,
        "rows": folders.rows,
        "row_count": parts.trained,
        "target": training.target,
        "features": list(features_of(manifest)),
        "specification": specification(manifest),
        "output": folders.archive,
        "metrics": folders.metrics,
        "parameters": dict(training.step.parameters),
    }


def arguments_of(event: Mapping[str, Any]) -> dict[str, str]:
    """The same as a Glue job's arguments: each is a text, of JSON where it is no text."""
    flat = {name: value for name, value in event.items() if name != "parameters"}
    return dict(_arguments({**event["parameters"], **flat}))


def _arguments(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in members.items():
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        yield f"--{name}", text


def package_request(
    training: Training, run: TrainingRun, folders: Folders, *, has_metrics: bool
) -> dict[str, Any]:
    """CreateModelPackage's request. It is the same however often a run asks."""
    model = training.model
    container: dict[str, Any] = {"Image": model.image, "ModelDataUrl": folders.archive}
    if model.environment:
        container["Environment"] = dict(model.environment)
    request: dict[str, Any] = {
        "ModelPackageGroupName": model.group,
        "ModelPackageDescription": f"Training {training.name}, run {run.id}",
        "ModelApprovalStatus": "PendingManualApproval",
        "ClientToken": f"{training.name}-{run.id}",
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": _MEDIA,
            "SupportedResponseMIMETypes": _MEDIA,
        },
        "CustomerMetadataProperties": {
            "larder:training": training.name,
            "larder:training-run": run.id,
            "larder:training-set": run.training_set,
            "larder:manifest-sha256": run.manifest_sha256,
        },
    }
    if has_metrics:
        statistics = {"ContentType": "application/json", "S3Uri": folders.metrics}
        request["ModelMetrics"] = {"ModelQuality": {"Statistics": statistics}}
    return request
