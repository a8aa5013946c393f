"""Rounds of monitoring: which runs are due, done and kept; baselines that are still to be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from larder.bucket_folders import MONITORING
from larder.errors import LarderError, ResourceNotFound
from larder.models.registry import ModelRegistry
from larder.models.registry_items import Endpoint
from larder.models.served import ServedModel
from larder.monitoring.alerts import AlertBook
from larder.monitoring.baselines import Baselines, subject_of
from larder.monitoring.documents import VIOLATIONS, violations_json
from larder.monitoring.ports import Documents
from larder.monitoring.run import Monitor, watched_of
from larder.monitoring.run_documents import RunReport, run_from, run_json
from larder.monitoring.window import Cadence, Window, due
from larder.offline.ports import Remaining

TRAINING_SET: Final = "larder:training-set"
"""The customer metadata of a model package that names its training set."""
_LEAST_SECONDS = 90.0
"""What a run may take: it is not begun with less time left."""
_RUN: Final = "run.json"


@dataclass(slots=True)
class Round:
    """What a round did. ``failed`` says of which endpoint or baseline, and why."""

    runs: list[RunReport] = field(default_factory=list)
    baselines: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    left: int = 0


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
    clock: Callable[[], int]

    def go(self, remaining: Remaining) -> Round:
        """Make baselines that lack, then run what is due; an endpoint that fails costs no other."""
        done = Round()
        for each in self.registry.endpoints.list():
            if not each.status.answers:
                continue
            try:
                self._endpoint(each, remaining, done)
            except LarderError as error:
                done.failed[each.name] = str(error)
        return done

    def run(self, name: str, window: Window) -> RunReport:
        """Run one window of one endpoint now, and keep the report.

        Raises:
            ResourceNotFound: there is no such endpoint.
        """
        return self._kept(self.endpoint(name), window)

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
        folder = _folder(endpoint, cadence)
        keys = [each for each in self.documents.keys(folder) if each.endswith(f"/{_RUN}")]
        for key in reversed(keys):
            body = self.documents.read(key)
            if body is not None:
                yield run_from(body)

    def _endpoint(self, endpoint: Endpoint, remaining: Remaining, done: Round) -> None:
        models = {subject_of(each.model): each.model for each in watched_of(endpoint.served)}
        for subject, model in models.items():
            done.baselines += self._baseline(subject, model, done)
        for cadence in (Cadence.HOURLY, Cadence.DAILY):
            for window in due(cadence, self.clock(), self._done(endpoint.name, cadence)):
                if remaining() < _LEAST_SECONDS:
                    done.left += 1
                else:
                    done.runs.append(self._kept(endpoint, window))

    def _baseline(self, subject: str, model: ServedModel, done: Round) -> bool:
        """Make a package's baseline, if it names a training set and has none of it."""
        kind, _, name = subject.partition("/")
        package = self.registry.packages.get(name) if kind == "package" else None
        training_set = package.metadata.get(TRAINING_SET) if package is not None else None
        if training_set is None:
            return False
        current = self.baselines.current(subject)
        if current is not None and current.fits(model):
            return False
        try:
            self.baselines.make(subject, model, training_set)
        except LarderError as error:
            done.failed[subject] = str(error)
            return False
        return True

    def _done(self, endpoint: str, cadence: Cadence) -> set[str]:
        folder = _folder(endpoint, cadence)
        keys = self.documents.keys(folder)
        return {key.removeprefix(folder).partition("/")[0] for key in keys if key.endswith(_RUN)}

    def _kept(self, endpoint: Endpoint, window: Window) -> RunReport:
        """Run a window; alerts come before the document, so that a crash has it run again."""
        found = self.monitor.run(endpoint.served, window, self.clock())
        folder = f"{_folder(endpoint.name, window.cadence)}{window.name}/"
        self.documents.write(f"{folder}{VIOLATIONS}", violations_json(found.violations))
        self.alerts.update(found, self.documents.address(f"{folder}{_RUN}"))
        self.documents.write(f"{folder}{_RUN}", run_json(found))
        return found


def _folder(endpoint: str, cadence: Cadence) -> str:
    return f"{MONITORING}runs/{endpoint}/{cadence}/"
