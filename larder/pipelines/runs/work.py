"""The steps between a claim and an end: compute, check or accept, record. Each may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from larder.bucket_folders import PIPELINES
from larder.errors import ResourceNotFound
from larder.pipelines.checks.check import Checks, RunFolders
from larder.pipelines.checks.expectation import Kind
from larder.pipelines.checks.judge import Result
from larder.pipelines.checks.report import Report
from larder.pipelines.definition import Pipeline
from larder.pipelines.runs.due import MOST_CHUNK
from larder.pipelines.runs.items import DUE, LEASE, IntervalItem, State
from larder.pipelines.runs.late import Late, LateEvents
from larder.pipelines.runs.plan import Runs
from larder.pipelines.runs.ports import ChecksFailed, Engine, Remaining
from larder.pipelines.runs.spark import Choice, SparkJob, may_use_spark
from larder.pipelines.sql.statement import Interval, Shape, newest_statement, statement

LONGEST_CAUSE = 1000
_PAUSED = (
    " Paused: rows or freshness failed twice running. Fix the source, then larder pipeline resume"
)


@dataclass(frozen=True, slots=True)
class PipelineWork:
    """The steps over the platform's bucket; ``pipelines`` gives those declared, by name.

    ``sources`` gives a pipeline as it reads now: in place of a feature group its offline table.
    ``spark`` is the stage's Spark job, where it has one.
    """

    runs: Runs
    pipelines: Callable[[], Mapping[str, Pipeline]]
    engine: Engine
    checks: Checks
    bucket: str
    late: LateEvents | None = None
    sources: Callable[[Pipeline], Pipeline] = lambda pipeline: pipeline
    spark: SparkJob | None = None

    def data_ages(self) -> Iterator[tuple[str, int]]:
        """How long ago the last published point of each pipeline with ``freshness`` was.

        It is data's time in microseconds, not that of a run: a run that publishes nothing new
        makes nothing fresher.
        """
        now = self.runs.clock()
        for name, pipeline in self.pipelines().items():
            if pipeline.freshness is not None:
                yield name, now - self.runs.published_until(pipeline)

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
        return self.late.find(self.sources(pipeline), position)

    def claim(
        self, pipeline: Pipeline, interval: Interval, owner: str, takes: tuple[State, ...]
    ) -> IntervalItem | None:
        """Take an interval; ``None`` where another one has it, it is done, or all are paused.

        A pipeline that a check paused within this execution computes only what was named.
        """
        if takes == DUE:
            position = self.runs.ledger.position(pipeline.group)
            if position is not None and position.paused:
                return None
        return self.runs.claim(pipeline, interval, owner, takes)

    def compute(self, item: IntervalItem, remaining: Remaining) -> None:
        """Write the interval's rows into the run's own folder, which no other attempt uses.

        Raises:
            StillRunning, QueryFailed: as ``Engine``.
            ServiceUnavailable: another execution has the interval by now.
        """
        self.runs.hold(item)
        pipeline = self.sources(self.pipeline(item.pipeline))
        folders = run_folders(self.bucket, item)
        query = statement(pipeline, item.interval, Shape.DELTA)
        self.engine.unload(query, folders.rows, item.run_id, remaining)
        if back := _back(pipeline):
            newest = newest_statement(pipeline, item.interval, back)
            self.engine.unload(newest, folders.newest, f"{item.run_id}/newest", remaining)

    def may_use_spark(self, pipeline: Pipeline) -> bool:
        """Whether ``prepare`` has to say what computes a pipeline's interval."""
        return self.spark is not None and may_use_spark(pipeline, self.spark.from_bytes)

    def prepare(self, item: IntervalItem) -> tuple[Choice, dict[str, str]]:
        """What computes an interval, and the arguments of the Spark job where that does.

        The claim then holds as long as the job may take: nothing renews it meanwhile.

        Raises:
            ServiceUnavailable: another execution has the interval by now.
            ResourceNotFound: the stage has no Spark job, or no SQL for it.
        """
        self.runs.hold(item)
        pipeline = self.pipeline(item.pipeline)
        if self.spark is None:
            raise ResourceNotFound(f"run {item.run_id}: this stage has no Spark job")
        choice = self.spark.choose(pipeline, item)
        if not choice.is_spark:
            return choice, {}
        folders = run_folders(self.bucket, item)
        arguments = self.spark.prepare(pipeline, item, folders, _back(pipeline))
        self.runs.hold(item, self.spark.lease)
        return choice, arguments

    def check(self, item: IntervalItem) -> Report:
        """Check the rows, and write the report.

        Raises:
            ChecksFailed: a check failed whose severity is ``error``.
        """
        self.runs.hold(item)
        pipeline = self.pipeline(item.pipeline)
        report = self.checks.check(pipeline, item, run_folders(self.bucket, item))
        if any(report.of(Result.FAILED)):
            raise ChecksFailed(report.named(Result.FAILED))
        self.runs.hold(item.publishing())
        return report

    def accept(self, item: IntervalItem) -> Report:
        """The report on rows that lie there: accepted by a person, or published in part.

        Raises:
            ResourceNotFound: the report or the rows are gone.
        """
        self.runs.hold(item)
        folders = run_folders(self.bucket, item)
        report = self.checks.report(folders.report)
        if report is None or self.checks.staged.count(folders.rows) != report.rows:
            raise ResourceNotFound(
                f"run {item.staged_run}: its rows or its report below {folders.rows} are not as "
                "they were checked. Compute it again: larder pipeline run --from --to"
            )
        self.runs.hold(item.publishing())
        return report

    def record(self, item: IntervalItem, rows: int, keys: int | None = None) -> bool:
        """Note that an interval is published; whether it still was its owner's."""
        is_held = self.runs.end(replace(item, keys=keys), State.PUBLISHED, rows=rows)
        self.runs.advance(self.pipeline(item.pipeline))
        return is_held

    def fail(self, item: IntervalItem, state: State, cause: str) -> bool:
        """Note that nothing of an interval is published, and why."""
        ended = replace(item, accepted=None)
        return self.runs.end(ended, state, rows=None, cause=cause[:LONGEST_CAUSE])

    def block(self, item: IntervalItem, cause: str) -> bool:
        """Note that a check refused an interval; whether that pauses the pipeline.

        It does where a check of ``rows`` or ``freshness`` failed in the interval before it too.
        The ledger's cause has values, which errors and logs leave out.
        """
        report = self.checks.report(run_folders(self.bucket, item).report)
        if report is not None:
            cause = f"{ChecksFailed.__name__}: {report.told(Result.FAILED)}"
        pauses = report is not None and report.pauses
        is_paused = pauses and self._paused_before(item) and self._is_held(item)
        if is_paused:
            self.runs.ledger.pause(item.pipeline, True)
            paused = f"{_PAUSED} {item.pipeline}"
            cause = f"{cause[: LONGEST_CAUSE - len(paused)]}{paused}"
        self.fail(replace(item, pauses=pauses), State.BLOCKED, cause)
        return is_paused

    def _is_held(self, item: IntervalItem) -> bool:
        return self.runs.ledger.renew(item, self.runs.clock() + LEASE)

    def _paused_before(self, item: IntervalItem) -> bool:
        """Whether the interval that ends where this one begins is blocked for its source."""
        ledger, after = self.runs.ledger, item.interval.after
        before = [
            each
            for each in ledger.intervals(item.pipeline, item.revision, after - MOST_CHUNK)
            if each.interval.until == after
        ]
        return any(each.state is State.BLOCKED and each.pauses for each in before)


def _back(pipeline: Pipeline) -> int:
    """How far before an interval's end a check wants its newest event; 0 where none does."""
    bounds = (each.bound for each in pipeline.expect if each.kind is Kind.FRESHNESS)
    return int(max(bounds, default=0))


def run_folders(bucket: str, item: IntervalItem) -> RunFolders:
    """Where the rows to publish lie, the newest event beside them, and the report on them."""
    run = f"s3://{bucket}/{PIPELINES}{item.pipeline}/{item.staged_run}/"
    return RunFolders(f"{run}rows/", f"{run}newest/", f"{run}checks.json")
