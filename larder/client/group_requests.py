"""What a program asks of the control plane, in SageMaker's members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from larder.errors import ValidationError
from larder.groups.api.answers import feature_definition, present, tag_list
from larder.groups.feature_group import FeatureDefinition

Members = dict[str, Any]
Store = bool | str | Mapping[str, Any]
"""Whether a group has a store, or the store's kind, or SageMaker's configuration of it."""
_SECOND = timedelta(seconds=1)


def online_config(online: Store, ttl: timedelta | None) -> Members | None:
    """OnlineStoreConfig; ``None`` without an online store.

    Raises:
        ValidationError: the time to live is of a store that the group would not have, or malformed.
    """
    lifetime = ttl_members(ttl)
    if online is False:
        if lifetime is not None:
            raise ValidationError("ttl: a group without an online store has none; leave it out.")
        return None
    return present({"EnableOnlineStore": True, "TtlDuration": lifetime}) | _own(
        online, "StorageType"
    )


def offline_config(offline: Store, s3_uri: str | None) -> Members | None:
    """OfflineStoreConfig; ``None`` without an offline store.

    Raises:
        ValidationError: neither the platform nor the configuration names a bucket.
    """
    if offline is False:
        return None
    config = _own(offline, "TableFormat")
    if s3_uri is None and "S3StorageConfig" not in config:
        raise ValidationError(
            "offline: the platform's bucket is not known; give offline={'S3StorageConfig': "
            "{'S3Uri': 's3://…'}}, or set LARDER_OFFLINE_BUCKET."
        )
    return {"S3StorageConfig": {"S3Uri": s3_uri}} | config


def ttl_members(ttl: timedelta | None) -> Members | None:
    """TtlDuration of a time to live; ``None`` for none.

    Raises:
        ValidationError: it is not a whole number of seconds, or less than one.
    """
    if ttl is None:
        return None
    if ttl < _SECOND or ttl % _SECOND:
        raise ValidationError(f"ttl: {ttl} must be a whole number of seconds, at least one.")
    return {"Unit": "Seconds", "Value": ttl // _SECOND}


def definition_members(features: Iterable[FeatureDefinition]) -> list[Members]:
    """FeatureDefinitions, or FeatureAdditions."""
    return [feature_definition(feature) for feature in features]


def pairs(named: Mapping[str, str] | None) -> list[Members] | None:
    """Tags, or FeatureParameters; ``None`` for none."""
    return tag_list(tuple(named.items())) if named else None


def _own(store: Store, kind: str) -> Members:
    """What the caller says of a store; a text is its kind."""
    if isinstance(store, str):
        return {kind: store}
    return dict(store) if isinstance(store, Mapping) else {}
