"""A feature group's history as events: what a pipeline with ``source.group`` reads.

An event is one identifier of the group at one event time. Its newest write counts, whatever was
written for it before. A deletion is no event, and takes no earlier one away.
"""

# ruff: noqa: S608 - names are quoted by larder.as_of.text
from __future__ import annotations

from dataclasses import replace

from larder.as_of.history import event_order
from larder.as_of.text import name, table_name
from larder.errors import ValidationError
from larder.event_time import EventTimeType
from larder.groups.feature_group import FeatureGroup
from larder.offline.feature_table import FeatureTable
from larder.pipelines.definition import Pipeline, TimeUnit

_UNITS = {EventTimeType.STRING: TimeUnit.ISO8601, EventTimeType.FRACTIONAL: TimeUnit.SECONDS}


def over_history(pipeline: Pipeline, group: FeatureGroup) -> Pipeline:
    """The pipeline, reading the offline table that its source has now.

    The table's name has the group's creation time, so that no definition can have it.

    Raises:
        ValidationError: the group has no history in the catalog, or its event time has another
            name than ``source.time``.
    """
    source, table = pipeline.source, FeatureTable.of(group)
    event_time = table.event_time.name
    if source.time.lower() != event_time.lower():
        raise ValidationError(
            f"source.time: {source.time[:80]!r} of {pipeline.group} must be {event_time}, the "
            f"event time of feature group {group.name}"
        )
    read = f"{table.database}.{table.table}"
    return replace(
        pipeline,
        source=replace(
            source,
            unit=_UNITS[table.event_time_type],
            sql=_newest_writes(table),
            tables=(read,),
            timed=((read, event_time.lower()),),
        ),
    )


def _newest_writes(table: FeatureTable) -> str:
    identifier = name(table.record_identifier.name.lower())
    rank = (
        f"ROW_NUMBER() OVER (PARTITION BY {identifier}, {event_order(table)} "
        "ORDER BY write_time DESC, api_invocation_time DESC) AS larder_copy"
    )
    return (
        f"SELECT * FROM (SELECT h.*, {rank} FROM {table_name(table.database, table.table)} AS h "
        "WHERE NOT COALESCE(is_deleted, FALSE)) AS written WHERE larder_copy = 1"
    )
