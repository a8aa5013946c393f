"""Runs of pipelines as OpenLineage's run events (specification 2-0-2).

A run has one START and one COMPLETE or FAIL. Its id follows from the run's, so that an event which
is made again has the same name. One dataset is both stores: the feature group by its ARN.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from larder.bucket_folders import LINEAGE
from larder.event_time import NANOS, nanos_to_iso
from larder.pipelines.definition import Pipeline, Source
from larder.pipelines.durations import SECOND
from larder.pipelines.lineage.uses import GROUP_SOURCE, Columns, Use
from larder.pipelines.runs.items import IntervalItem, stamp
from larder.pipelines.sql.statement import Shape, statement

Document = dict[str, Any]
PRODUCER: Final = "urn:larder:feature-platform"
_SPEC: Final = "https://openlineage.io/spec"
SCHEMA: Final = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS: Final = {
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "nominalTime": "1-0-1/NominalTimeRunFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "sql": "1-1-0/SQLJobFacet",
}


class EventType(StrEnum):
    """What became of a run."""

    START = "START"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage is: what names of datasets and jobs begin with."""

    account: str
    region: str
    stage: str
    partition: str = "aws"

    @property
    def jobs(self) -> str:
        """The namespace of the stage's jobs."""
        return f"larder://{self.account}/{self.region}/{self.stage}"

    def service(self, name: str) -> str:
        """The namespace of an AWS service's datasets."""
        return f"arn:{self.partition}:{name}:{self.region}:{self.account}"


@dataclass(frozen=True, slots=True)
class RunEvents:
    """Makes the events of a stage's runs; ``clock`` gives microseconds since the epoch."""

    place: Place
    clock: Callable[[], int]

    def started(self, pipeline: Pipeline, columns: Columns, item: IntervalItem) -> Document:
        """An interval was claimed."""
        return self._event(EventType.START, pipeline, columns, item)

    def completed(
        self, pipeline: Pipeline, columns: Columns, item: IntervalItem, rows: int
    ) -> Document:
        """An interval was published with so many rows."""
        event = self._event(EventType.COMPLETE, pipeline, columns, item)
        statistics = _facet("outputStatistics", rowCount=rows)
        event["outputs"][0]["outputFacets"] = {"outputStatistics": statistics}
        return event

    def failed(
        self, pipeline: Pipeline, columns: Columns, item: IntervalItem, cause: str
    ) -> Document:
        """Nothing of an interval was published."""
        event = self._event(EventType.FAIL, pipeline, columns, item)
        message = _facet("errorMessage", message=cause, programmingLanguage="SQL")
        event["run"]["facets"]["errorMessage"] = message
        return event

    def _event(
        self, kind: EventType, pipeline: Pipeline, columns: Columns, item: IntervalItem
    ) -> Document:
        query = statement(pipeline, item.interval, Shape.DELTA)
        nominal = _facet(
            "nominalTime",
            nominalStartTime=_iso(item.interval.after),
            nominalEndTime=_iso(item.interval.until),
        )
        return {
            "eventType": str(kind),
            "eventTime": _iso(self.clock()),
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
            "run": {"runId": run_uuid(self.place, item.run_id), "facets": {"nominalTime": nominal}},
            "job": {
                "namespace": self.place.jobs,
                "name": f"pipeline.{pipeline.group}",
                "facets": {"sql": _facet("sql", query=query, dialect="athena")},
            },
            "inputs": [dataset(self.place, each) for each in tables_of(pipeline.source)],
            "outputs": [self._output(pipeline, columns)],
        }

    def _output(self, pipeline: Pipeline, columns: Columns) -> Document:
        source = pipeline.source
        read = {f"{GROUP_SOURCE}{source.group}": table for table in source.tables if source.group}
        fields = {
            name: {"inputFields": list(self._inputs(uses, read))} for name, uses in columns.items()
        }
        output = dataset(self.place, f"{GROUP_SOURCE}{pipeline.group}")
        return {**output, "facets": {"columnLineage": _facet("columnLineage", fields=fields)}}

    def _inputs(self, uses: tuple[Use, ...], read: Mapping[str, str]) -> Iterator[Document]:
        """A column once, with all the ways in which it is used; ``read`` has groups' tables."""
        ways: dict[Any, list[Document]] = {}
        for each in uses:
            way = {"type": str(each.how.kind), "subtype": str(each.how)}
            ways.setdefault(each.source, []).append(way)
        for source, transformations in ways.items():
            named = dataset(self.place, read.get(source.table, source.table))
            yield {**named, "field": source.column, "transformations": transformations}


def tables_of(source: Source) -> tuple[str, ...]:
    """What a source reads, in the words of ``SourceColumn.table``; sorted."""
    if source.group is not None and not source.tables:
        return (f"{GROUP_SOURCE}{source.group}",)
    return (source.files,) if source.files is not None else tuple(sorted(source.reads))


def dataset(place: Place, table: str) -> Document:
    """Namespace and name of a dataset, as OpenLineage names those of Glue and S3."""
    if table.startswith(GROUP_SOURCE):
        return {"namespace": place.service("sagemaker"), "name": table}
    if table.startswith("s3://"):
        bucket, _, key = table.removeprefix("s3://").partition("/")
        return {"namespace": f"s3://{bucket}", "name": key or "/"}
    return {"namespace": place.service("glue"), "name": f"table/{table.replace('.', '/')}"}


def run_uuid(place: Place, run_id: str) -> str:
    """OpenLineage's id of a run, always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{place.jobs}/{run_id}"))


def event_key(item: IntervalItem, event: Mapping[str, Any]) -> str:
    """The key of a stored event, by the day of its interval's end: the same whenever it is made."""
    day = stamp(item.interval.until)[:8]
    date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return f"{LINEAGE}{date}/{event['run']['runId']}-{event['eventType']}.json"


def _facet(name: str, **members: object) -> Document:
    url = f"{_SPEC}/facets/{_FACETS[name]}.json#/$defs/{_FACETS[name].partition('/')[2]}"
    return {"_producer": PRODUCER, "_schemaURL": url, **members}


def _iso(micros: int) -> str:
    return nanos_to_iso(micros // SECOND * NANOS + micros % SECOND * 1000)
