"""What a program gives, as texts of a feature group: identifiers, records, event times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from larder.client.rendering import check_identifier, rendered, scalar_text
from larder.errors import ValidationError
from larder.groups.settings_cache import GroupSettings
from larder.records.values import UndefinedFeature, ordinals_of

Identifier = str | int | float
EventTime = str | float | datetime


def identifier_texts(
    groups: GroupSettings, group: str, identifiers: Iterable[Identifier]
) -> list[str]:
    """Record identifiers as texts; numbers as the identifier's feature has them.

    Raises:
        ValidationError: one has no text, or a single text was given for many.
    """
    if isinstance(identifiers, str):
        raise ValidationError(
            f"identifiers: {identifiers[:64]!r} is one text; give a list of identifiers."
        )
    return [
        each if isinstance(each, str) else identifier_text(groups, group, each)
        for each in identifiers
    ]


def identifier_text(groups: GroupSettings, group: str, identifier: Identifier) -> str:
    """A record identifier as text; raises as ``identifier_texts``."""
    if isinstance(identifier, str):
        return identifier
    settings = groups.get(group)
    feature = settings.features[settings.ordinals[settings.record_identifier_name]]
    check_identifier(feature, identifier)
    return scalar_text(feature, identifier)


def event_time_text(groups: GroupSettings, group: str, event_time: EventTime) -> str:
    """An event time as text, of the type that the group's event times have.

    Raises:
        ValidationError: it has none that would mean the same.
    """
    settings = groups.get(group)
    feature = settings.features[settings.ordinals[settings.event_time_name]]
    return scalar_text(feature, event_time)


def record_texts(
    groups: GroupSettings, group: str, record: Mapping[str, object]
) -> list[tuple[str, object]]:
    """A record's features that have a value, as texts.

    Raises:
        UndefinedFeature: the group has no such feature.
        ValidationError: a value has no text that would mean the same.
    """
    settings = groups.get(group)
    try:
        ordinals_of(settings, record)
    except UndefinedFeature:  # it may have been added a moment ago
        settings = groups.refresh(settings.name)
        ordinals_of(settings, record)
    return rendered(settings, record)
