"""Lineage of a function's pipeline runs, on S3."""

from __future__ import annotations

import boto3

from larder.errors import LarderError, ResourceNotFound
from larder.pipelines.adapters.event_objects import EventObjects
from larder.pipelines.definition import Pipeline
from larder.pipelines.lineage.events import Place, RunEvents
from larder.pipelines.lineage.note import LineageNotes
from larder.pipelines.lineage.uses import Columns
from larder.settings.pipelines import PipelinesSettings
from larder.telemetry.log import Log
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros
from larder.wiring.pipeline_definitions import declared_to
from larder.wiring.pipeline_sources import open_sources


def open_lineage(settings: PipelinesSettings, log: Log) -> LineageNotes:
    """The events of the stage's runs; the log names one that is lost."""

    sources = open_sources(settings.registry_table)

    def declared(name: str) -> tuple[Pipeline, Columns]:
        found = declared_to(settings)
        if name not in found.by_name:
            raise ResourceNotFound(f"pipeline: {name[:80]!r} is not declared in this stage")
        return sources(found.by_name[name]), found.columns.get(name, {})

    def lost(run_id: str, error: LarderError) -> None:
        log.line("ERROR", message="lineage event lost", run=run_id, error=str(error))

    place = Place(settings.account_id, settings.region, settings.stage, settings.partition)
    files = EventObjects(boto3.client("s3", config=background()), settings.offline_bucket)
    return LineageNotes(RunEvents(place, now_micros), declared, files, lost)
