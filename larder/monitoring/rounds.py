"""Rounds of monitoring: which runs are due, done and kept; baselines that are still to be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from larder.errors import LarderError, ResourceNotFound
from larder.models.registry import ModelRegistry
from larder.models.registry_items import Endpoint
from larder.models.served import ServedModel
from larder.monitoring.alerts import AlertBook
from larder.monitoring.baselines import Baselines, subject_of
from larder.monitoring.kept_runs import KeptRuns
from larder.monitoring.named_baselines import Unused, named_baseline
from larder.monitoring.ports import Documents
from larder.monitoring.run import JudgedBy, Monitor, watched_of
from larder.monitoring.run_documents import RunReport
from larder.monitoring.schedule import JobDefinition, MonitoringSchedule
from larder.monitoring.watches import Watches, windows_due
from larder.monitoring.window import Cadence, Window
from larder.offline.ports import Remaining

_LEAST_SECONDS = 90.0
"""What a run may take: it is not begun with less time left."""


@dataclass(slots=True)
class Round:
    """What a round did. ``failed`` says of which endpoint or baseline, and why.

    ``unused`` says of whose model package the documents in S3 are no baseline, and why.
    """

    runs: list[RunReport] = field(default_factory=list)
    baselines: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    unused: dict[str, str] = field(default_factory=dict)
    left: int = 0


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A run of a schedule before anything is judged, and where its documents go."""

    run: RunReport
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Monitoring of all endpoints of a platform.

    ``clock`` gives microseconds since the epoch.
    """

    registry: ModelRegistry
    monitor: Monitor
    baselines: Baselines
    documents: Documents
    alerts: AlertBook
    watches: Watches
    clock: Callable[[], int]

    def go(self, remaining: Remaining) -> Round:
        """Make baselines that lack, then run what is due; an endpoint that fails costs no other."""
        done, schedules = Round(), self.watches.by_endpoint()
        for each in self.registry.endpoints.list():
            if not each.status.answers:
                continue
            try:
                self._endpoint(each, schedules.get(each.name.lower(), ()), remaining, done)
            except LarderError as error:
                done.failed[each.name] = str(error)
        return done

    def run(self, name: str, window: Window) -> RunReport:
        """Run one window of one endpoint now, and keep the report.

        Raises:
            ResourceNotFound: there is no such endpoint.
        """
        return self._run(self.endpoint(name), window, JudgedBy())

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name.

        Raises:
            ResourceNotFound: it does not exist.
        """
        found = self.registry.endpoints.get(name)
        if found is None:
            raise ResourceNotFound(f"There is no endpoint {name[:200]!r}.")
        return found

    def reports(self, endpoint: str, cadence: Cadence) -> Iterator[RunReport]:
        """The runs of an endpoint that were kept, the newest first."""
        return self._kept.judged(endpoint, cadence)

    @property
    def _kept(self) -> KeptRuns:
        return KeptRuns(self.documents)

    def _endpoint(
        self,
        endpoint: Endpoint,
        schedules: Sequence[MonitoringSchedule],
        remaining: Remaining,
        done: Round,
    ) -> None:
        models = {subject_of(each.model): each.model for each in watched_of(endpoint.served)}
        for subject, model in models.items():
            done.baselines += self._baseline(subject, model, done)
        for each in windows_due(schedules, self.clock(), partial(self._done, endpoint.name)):
            if remaining() < _LEAST_SECONDS:
                done.left += 1
            elif each.schedule is None:
                by = JudgedBy(notes=done.unused)
                done.runs.append(self._run(endpoint, each.window, by))
            else:
                self._scheduled(endpoint, each.window, each.schedule, done)

    def _done(self, endpoint: str, cadence: Cadence) -> set[str]:
        """Windows that are not tried again; one that was asked for is tried once."""
        return self._kept.names(endpoint, cadence, failed=cadence is Cadence.ASKED)

    def _scheduled(
        self, endpoint: Endpoint, window: Window, schedule: MonitoringSchedule, done: Round
    ) -> None:
        """Run a window of a schedule; why it failed is kept, for who asks for its executions."""
        named = RunReport(
            endpoint=endpoint.name,
            cadence=window.cadence,
            window=window.name,
            start=window.bounds[0],
            end=window.bounds[1],
            at=self.clock(),
            exposures=0,
            schedule=schedule.name,
            definition=schedule.definition,
        )
        try:
            definition = self._definition(schedule)
            by = self._judged_by(definition, done)
            found = self._run(endpoint, window, by, Scheduled(named, definition.output))
        except LarderError as error:
            self._kept.keep(replace(named, failure=str(error)))
            done.failed[f"monitoring schedule {schedule.name}"] = str(error)
        else:
            done.runs.append(found)

    def _definition(self, schedule: MonitoringSchedule) -> JobDefinition:
        found = self.watches.definitions.get(schedule.definition)
        if found is None:
            raise ResourceNotFound(
                f"There is no data quality job definition {schedule.definition}, which the "
                f"monitoring schedule {schedule.name} names: create it again, or give the schedule "
                "another one by UpdateMonitoringSchedule."
            )
        return found

    def _judged_by(self, definition: JobDefinition, done: Round) -> JudgedBy:
        statistics, constraints = definition.given.read(self.documents)
        return JudgedBy(
            name=definition.name,
            source=definition.given.statistics,
            statistics=statistics,
            constraints=constraints,
            notes=done.unused,
        )

    def _baseline(self, subject: str, model: ServedModel, done: Round) -> bool:
        """Make a package's baseline of what it names, if it has none of this very model."""
        kind, _, name = subject.partition("/")
        package = self.registry.packages.get(name) if kind == "package" else None
        current = self.baselines.current(subject) if package is not None else None
        if package is None or (current is not None and current.fits(model)):
            return False
        try:
            return named_baseline(self.baselines, package, subject, model) is not None
        except Unused as error:
            done.unused[subject] = str(error)
        except LarderError as error:
            done.failed[subject] = str(error)
        return False

    def _run(
        self, endpoint: Endpoint, window: Window, by: JudgedBy, of: Scheduled | None = None
    ) -> RunReport:
        """Run a window; alerts come before the document, so that a crash has it run again."""
        found = self.monitor.run(endpoint.served, window, self.clock(), by)
        if of is not None:
            found = replace(found, schedule=of.run.schedule, definition=of.run.definition)
        self._kept.keep_violations(found)
        if of is not None:
            self._kept.deliver(found, of.output)
        self.alerts.update(found, self._kept.address(found))
        self._kept.keep(found)
        return found
