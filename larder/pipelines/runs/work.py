"""The steps between a claim and an end: compute, check, record. Each may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from larder.bucket_folders import PIPELINES
from larder.errors import ResourceNotFound
from larder.pipelines.definition import Pipeline
from larder.pipelines.runs.items import IntervalItem, State
from larder.pipelines.runs.late import Late, LateEvents
from larder.pipelines.runs.plan import Runs
from larder.pipelines.runs.ports import ChecksFailed, Engine, Remaining, StagedRows
from larder.pipelines.sql.statement import Shape, statement

LONGEST_CAUSE = 1000


@dataclass(frozen=True, slots=True)
class PipelineWork:
    """The steps over the platform's bucket; ``pipelines`` gives those declared, by name."""

    runs: Runs
    pipelines: Callable[[], Mapping[str, Pipeline]]
    engine: Engine
    staged: StagedRows
    bucket: str
    late: LateEvents | None = None

    def pipeline(self, name: str) -> Pipeline:
        """The declared pipeline of that name.

        Raises:
            ResourceNotFound: no file declares it.
        """
        declared = self.pipelines()
        found = declared.get(name)
        if found is None:
            known = ", ".join(sorted(declared)) or "none"
            raise ResourceNotFound(
                f"pipeline: {name[:80]!r} is not declared in this stage (declared: {known}). Add a "
                "`pipeline:` to its definition file and deploy"
            )
        return found

    def find_late(self, pipeline: Pipeline) -> Late:
        """Make due again what events touch that came late; a paused pipeline waits with it."""
        position = self.runs.advance(pipeline)
        if self.late is None or position.paused:
            return Late()
        return self.late.find(pipeline, position)

    def compute(self, item: IntervalItem, remaining: Remaining) -> None:
        """Write the interval's rows into the run's own folder, which no other attempt uses.

        Raises:
            StillRunning, QueryFailed: as ``Engine``.
            ServiceUnavailable: another execution has the interval by now.
        """
        self.runs.hold(item)
        query = statement(self.pipeline(item.pipeline), item.interval, Shape.DELTA)
        self.engine.unload(query, self.folder(item), item.run_id, remaining)

    def check(self, item: IntervalItem) -> int:
        """Count the rows, and refuse a number that the definition does not expect.

        Raises:
            ChecksFailed: there are too few or too many.
        """
        self.runs.hold(item)
        rows, expected = self.staged.count(self.folder(item)), self.pipeline(item.pipeline).rows
        if rows < expected.least or (expected.most is not None and rows > expected.most):
            most = "any number" if expected.most is None else f"{expected.most:,}"
            raise ChecksFailed(
                f"rows: the interval has {rows:,}, and the definition expects {expected.least:,} "
                f"to {most}; they lie in {self.folder(item)}"
            )
        return rows

    def record(self, item: IntervalItem, rows: int) -> bool:
        """Note that an interval is published; whether it still was its owner's."""
        is_held = self.runs.end(item, State.PUBLISHED, rows=rows)
        self.runs.advance(self.pipeline(item.pipeline))
        return is_held

    def fail(self, item: IntervalItem, state: State, cause: str) -> bool:
        """Note that nothing of an interval is published, and why."""
        return self.runs.end(item, state, rows=None, cause=cause[:LONGEST_CAUSE])

    def folder(self, item: IntervalItem) -> str:
        """Where the rows of this attempt lie."""
        return rows_folder(self.bucket, item)


def rows_folder(bucket: str, item: IntervalItem) -> str:
    """The folder of an attempt's rows."""
    return f"s3://{bucket}/{PIPELINES}{item.pipeline}/{item.run_id}/rows/"
