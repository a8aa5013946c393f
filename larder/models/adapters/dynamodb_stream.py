"""Changes of the registry table, as its stream delivers them: of models, endpoints, packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larder.groups.api.state_change import StateChange
from larder.groups.names import Home
from larder.models.adapters.dynamodb_item import from_item, partition_key
from larder.models.api.state_change import endpoint_change, model_made, package_change
from larder.models.names import arn_of
from larder.models.package_items import ModelPackage
from larder.models.registry_items import Endpoint, Kind, Model

_TOLD = (Kind.MODEL, Kind.ENDPOINT, Kind.PACKAGE)
"""Kinds whose changes are events. Items of others are not read: a transform job has another form,
and what can't be read would hold up the stream, on which the lives of feature groups wait."""


def model_change(record: Mapping[str, Any]) -> StateChange | None:
    """The event of a new model, or of an endpoint or a package in another status.

    ``None`` of other changes.

    Raises:
        NewerFormat: a newer release wrote the item.
    """
    stream = record["dynamodb"]
    key = stream["Keys"]["pk"]
    kind = next((each for each in _TOLD if partition_key(each) == key), None)
    if kind is None or "NewImage" not in stream:
        return None
    new, old = from_item(kind, stream["NewImage"]), None
    if "OldImage" in stream:
        old = from_item(kind, stream["OldImage"])
    arn = arn_of(_home_of(record["eventSourceARN"]), kind, new.name)
    if isinstance(new, Endpoint):
        same = old is not None and (old.uid, old.status) == (new.uid, new.status)
        return None if same else endpoint_change(new, arn)
    if isinstance(new, ModelPackage):
        same = isinstance(old, ModelPackage) and _state(old) == _state(new)
        return None if same else package_change(new, arn)
    made = isinstance(new, Model) and (old is None or old.uid != new.uid)
    return model_made(new, arn) if isinstance(new, Model) and made else None


def _state(package: ModelPackage) -> tuple[str, str, str | None]:
    return package.uid, package.status, package.approval


def _home_of(stream_arn: str) -> Home:
    """The account and region that a table's stream is in, which are the platform's own."""
    _, partition, _, region, account, _ = stream_arn.split(":", 5)
    return Home(partition, region, account)
