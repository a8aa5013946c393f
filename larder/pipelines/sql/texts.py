"""Statements in Spark's dialect, translated when a deployment is made: functions parse no SQL."""

from __future__ import annotations

from dataclasses import dataclass

from larder.pipelines.definition import Pipeline
from larder.pipelines.sql.bounds import filled
from larder.pipelines.sql.statement import Interval, newest_span, span_of


@dataclass(frozen=True, slots=True)
class SparkTexts:
    """The statements of one pipeline, with markers in place of an interval.

    ``rows`` gives what is published, ``newest`` the newest event.
    """

    rows: str
    newest: str

    def rows_of(self, pipeline: Pipeline, interval: Interval) -> str:
        """The statement of an interval's rows."""
        return filled(self.rows, pipeline.source, span_of(pipeline, interval))

    def newest_of(self, pipeline: Pipeline, interval: Interval, back: int) -> str:
        """That of the newest event of an interval and ``back`` microseconds before its end."""
        return filled(self.newest, pipeline.source, newest_span(interval, back))
