"""Refusals by the state of a feature group: its file rules it, it is busy, its name is taken."""

from __future__ import annotations

from larder.errors import ResourceInUse, ValidationError
from larder.groups.feature_group import FeatureGroup, FeatureGroupStatus, UpdateStatus


def refuse_declared(group: FeatureGroup, deed: str) -> None:
    """Raise ``ValidationError`` where a group is defined as code: its file rules, not the API."""
    if group.declared_in is not None:
        raise ValidationError(
            f"FeatureGroup {group.name} is defined as code in {group.declared_in} and can't be "
            f"{deed} through the API: change that file and deploy. Removing the file and deploying "
            "keeps the group and its data, and hands it over to the API."
        )


def refuse_busy(group: FeatureGroup) -> None:
    """Raise ``ResourceInUse`` where a group is not ready for an update."""
    if group.status is not FeatureGroupStatus.CREATED:
        raise ResourceInUse(
            f"FeatureGroup {group.name} is in status {group.status}: it can be updated while "
            "DescribeFeatureGroup says Created."
        )
    if group.last_update is UpdateStatus.IN_PROGRESS:
        raise ResourceInUse(
            f"FeatureGroup {group.name} is being updated: wait until DescribeFeatureGroup no "
            "longer says LastUpdateStatus InProgress."
        )


def refuse_taken(group: FeatureGroup | None) -> None:
    """Raise ``ResourceInUse`` where a group bears the name that a new one shall have."""
    if group is None:
        return
    text = f"Resource Already Exists: FeatureGroup with name {group.name} already exists."
    if group.status is FeatureGroupStatus.DELETING:
        text = f"{text} It is being deleted; the name is free once it is no longer described."
    else:
        text = f"{text} Choose a different name."
    raise ResourceInUse(text)
