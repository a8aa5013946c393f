"""What a program asks of the control plane, in SageMaker's members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from larder.errors import ValidationError
from larder.groups.api.answers import feature_definition, present, tag_list
from larder.groups.feature_group import FeatureDefinition

Members = dict[str, Any]
_SECOND = timedelta(seconds=1)


def online_config(online: bool | Mapping[str, Any], more: Mapping[str, Any]) -> Members | None:
    """OnlineStoreConfig; ``None`` without an online store.

    Raises:
        ValidationError: there are settings of a store that the group would not have.
    """
    return _config("online", online, {"EnableOnlineStore": True}, more)


def offline_config(
    offline: bool | Mapping[str, Any], s3_uri: str | None, more: Mapping[str, Any]
) -> Members | None:
    """OfflineStoreConfig; ``None`` without an offline store.

    Raises:
        ValidationError: as ``online_config``, or the platform's bucket is not known.
    """
    own = isinstance(offline, Mapping) and "S3StorageConfig" in offline
    if offline and not own and s3_uri is None:
        raise ValidationError(
            "offline: the platform's bucket is not known; give offline={'S3StorageConfig': "
            "{'S3Uri': 's3://…'}}, or set LARDER_OFFLINE_BUCKET."
        )
    return _config("offline", offline, {"S3StorageConfig": {"S3Uri": s3_uri}}, more)


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


def _config(
    name: str, given: bool | Mapping[str, Any], base: Members, more: Mapping[str, Any]
) -> Members | None:
    asked = present(dict(more))
    if given is False:
        if asked:
            raise ValidationError(
                f"{name}: False, and yet {', '.join(asked)} of that store; leave one out."
            )
        return None
    return base | asked | (dict(given) if isinstance(given, Mapping) else {})
