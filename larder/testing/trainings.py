"""The ledger of trainings in a process's own memory: for tests, and a model of what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

from larder.trainings.runs import TrainingRun


class MemoryTrainingRuns:
    """Implements ``larder.trainings.runs.TrainingLedger``."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest: dict[str, TrainingRun] = {}
        self._kept: dict[str, dict[str, TrainingRun]] = {}

    def newest(self, training: str) -> TrainingRun | None:
        return self._newest.get(training)

    def put(self, run: TrainingRun) -> bool:
        with self._lock:
            before = self._newest.get(run.training)
            if run.version != (before.version if before else 0) + 1:
                return False
            self._newest[run.training] = run
            return True

    def keep(self, run: TrainingRun) -> None:
        self._kept.setdefault(run.training, {})[run.id] = run

    def earlier(self, training: str) -> Iterator[TrainingRun]:
        found = self._kept.get(training, {})
        return iter([found[each] for each in sorted(found, reverse=True)])

    def trainings(self) -> Iterator[str]:
        return iter(sorted(self._newest, reverse=True))
