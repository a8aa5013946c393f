"""The data plane's requests: SageMaker's members to the use cases' values.

``checked`` refuses whatever the model does not allow; the readers below rely on that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from larder.errors import ValidationError
from larder.groups.feature_group import TargetStore, TtlDuration
from larder.problems import refuse
from larder.records.api.shapes import REQUESTS
from larder.records.ports import Consistency
from larder.records.read import GetRecords
from larder.records.update import UpdateRecord
from larder.records.write import DeleteRecord, PutRecord
from larder.wire.fits import Fits, fits
from larder.wire.shapes import problems

Members = Mapping[str, Any]
CONSISTENCY_HEADER = "x-larder-consistency"
"""SageMaker's model has no member for it, and refuses those it does not know."""


def checked(operation: str, members: Members) -> Members:
    """The members, as the operation's model allows them.

    Raises:
        ValidationError: naming every member that breaks a constraint.
    """
    given = members if type(members) is dict else dict(members)
    if not _fits(operation)(given):
        refuse(problems(REQUESTS[operation], given))
    return members


@cache
def _fits(operation: str) -> Fits:
    return fits(REQUESTS[operation])


def consistency_asked(headers: Mapping[str, str]) -> Consistency:
    """What a read may miss, as the request's header says it; without one, what the tier promises.

    Raises:
        ValidationError: the header's value is no consistency.
    """
    value = headers.get(CONSISTENCY_HEADER, Consistency.DEFAULT)
    return Consistency.named(value, f"Header {CONSISTENCY_HEADER}")


def query_members(operation: str, fields: Mapping[str, Sequence[str]]) -> Members:
    """A query string's fields as members: lists where the operation takes several values.

    Raises:
        ValidationError: a member that takes one value was sent more than once.
    """
    several = {"FeatureName": "FeatureNames", "TargetStores": "TargetStores"}
    members: dict[str, Any] = {}
    for field, values in fields.items():
        if field in several:
            members[several[field]] = list(values)
        elif len(values) > 1:
            raise ValidationError(
                f"Query parameter '{field[:64]}' was sent {len(values)} times; "
                f"{operation} takes it once."
            )
        else:
            members[field] = values[0]
    return members


def put_record(members: Members) -> PutRecord:
    """PutRecord's request."""
    return PutRecord(
        group=members["FeatureGroupName"],
        record=feature_values(members["Record"]),
        targets=_target_stores(members),
        ttl=_ttl_duration(members),
    )


def delete_record(members: Members) -> DeleteRecord:
    """DeleteRecord's request."""
    return DeleteRecord(
        group=members["FeatureGroupName"],
        identifier=members["RecordIdentifierValueAsString"],
        event_time=members["EventTime"],
        hard=members.get("DeletionMode") == "HardDelete",
        targets=_target_stores(members),
    )


def update_record(members: Members) -> UpdateRecord:
    """UpdateRecord's request."""
    return UpdateRecord(
        group=members["FeatureGroupName"],
        identifier=members["RecordIdentifierValueAsString"],
        features=feature_values(members["Features"]),
        targets=_target_stores(members),
        ttl=_ttl_duration(members),
    )


def get_records(members: Members) -> GetRecords:
    """One element of BatchGetRecord's ``Identifiers``."""
    return GetRecords(
        group=members["FeatureGroupName"],
        identifiers=members["RecordIdentifiersValueAsString"],
        features=members.get("FeatureNames"),
    )


def feature_values(record: Sequence[Members]) -> list[tuple[str, object]]:
    """A record's feature names with their text or list of texts.

    Raises:
        ValidationError: a feature has neither, or both.
    """
    values: list[tuple[str, object]] = []
    for place, each in enumerate(record):
        scalar, several = each.get("ValueAsString"), each.get("ValueAsStringList")
        if (scalar is None) == (several is None):
            raise ValidationError(
                f"record.{place + 1}.member (feature {each['FeatureName']!r}) must have exactly "
                f"one of [ValueAsString, ValueAsStringList] set; leave the feature out where it "
                f"has no value."
            )
        values.append((each["FeatureName"], several if scalar is None else scalar))
    return values


def _target_stores(members: Members) -> frozenset[TargetStore] | None:
    stores = members.get("TargetStores")
    return None if stores is None else frozenset(TargetStore(each) for each in stores)


def _ttl_duration(members: Members) -> TtlDuration | None:
    ttl = members.get("TtlDuration")
    return None if ttl is None else TtlDuration(ttl["Unit"], ttl["Value"])
