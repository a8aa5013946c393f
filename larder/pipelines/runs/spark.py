"""Which intervals Spark computes, and what its job is given.

A job reads finished SQL, so that it needs nothing of Larder. Whether it runs is asked of the
definition first. Only ``engine: auto`` asks for the bytes that an interval reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from larder.errors import ResourceNotFound
from larder.pipelines.checks.check import RunFolders
from larder.pipelines.definition import Engine, Pipeline, Source
from larder.pipelines.durations import MINUTE
from larder.pipelines.runs.items import LEASE, IntervalItem
from larder.pipelines.runs.ports import Reports
from larder.pipelines.sql.bounds import Span
from larder.pipelines.sql.statement import span_of
from larder.pipelines.sql.texts import SparkTexts

START_MINUTES = 15
"""How long a job may wait for its machines before its own time begins."""


class SourceBytes(Protocol):
    """How much there is to read."""

    def to_read(self, source: Source, span: Span) -> int:
        """Bytes of the files that a span's events may be in; tables without snapshots count 0."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What computes an interval; ``bytes`` where they were asked for."""

    is_spark: bool
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class SparkJob:
    """The Spark job of a stage.

    Attributes:
        texts: the statements of the pipelines that may use it, by pipeline.
        files: where statements are put.
        source: tells how much an interval reads.
        from_bytes: from how many bytes on ``engine: auto`` uses it; ``None`` for never.
        minutes: how long it may run.
    """

    texts: Callable[[], Mapping[str, SparkTexts]]
    files: Reports
    source: SourceBytes
    from_bytes: int | None
    minutes: int

    @property
    def lease(self) -> int:
        """How long a claim holds that waits for the job, in microseconds.

        No step renews it while the job runs.
        """
        return (self.minutes + START_MINUTES) * MINUTE + LEASE

    def choose(self, pipeline: Pipeline, item: IntervalItem) -> Choice:
        """What computes an interval."""
        if pipeline.engine is not Engine.AUTO:
            return Choice(pipeline.engine is Engine.SPARK)
        if self.from_bytes is None:
            return Choice(is_spark=False)
        found = self.source.to_read(pipeline.source, span_of(pipeline, item.interval))
        return Choice(found >= self.from_bytes, found)

    def prepare(
        self, pipeline: Pipeline, item: IntervalItem, folders: RunFolders, back: int
    ) -> dict[str, str]:
        """Put the statements beside the rows to come; the job's arguments.

        ``back`` is how far before the interval's end the newest event is looked for; 0 for not.

        Raises:
            ResourceNotFound: the deployment has no statements of the pipeline for Spark.
        """
        given = dict(self._statements(pipeline, item, folders, back))
        for folder, text in given.items():
            self.files.write(_beside(folder), text.encode())
        return {
            "--sql": ",".join(map(_beside, given)),
            "--out": ",".join(given),
            "--run": item.run_id,
        }

    def _statements(
        self, pipeline: Pipeline, item: IntervalItem, folders: RunFolders, back: int
    ) -> Iterator[tuple[str, str]]:
        texts = self.texts().get(pipeline.group)
        if texts is None:
            raise ResourceNotFound(
                f"pipeline: {pipeline.group!r} has no SQL for Spark in this deployment: deploy "
                "this release"
            )
        yield folders.rows, texts.rows_of(pipeline, item.interval)
        if back:
            yield folders.newest, texts.newest_of(pipeline, item.interval, back)


def may_use_spark(pipeline: Pipeline, from_bytes: int | None) -> bool:
    """Whether any interval of a pipeline may be computed by Spark."""
    if pipeline.source.group is not None or pipeline.source.files is not None:
        return False  # neither is a table of Iceberg that a definition names
    if pipeline.engine is Engine.AUTO:
        return from_bytes is not None
    return pipeline.engine is Engine.SPARK


def _beside(folder: str) -> str:
    return f"{folder.removesuffix('/')}.sql"
