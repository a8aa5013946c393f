"""Runs that were kept: a folder for each endpoint, cadence and window, in the platform's bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from larder.bucket_folders import MONITORING
from larder.monitoring.documents import VIOLATIONS, violations_json
from larder.monitoring.ports import Documents
from larder.monitoring.run_documents import RunReport, run_from, run_json
from larder.monitoring.window import Cadence, bounds_of

_RUN: Final = "run.json"
_FAILED: Final = "failed.json"
"""A scheduled run that judged nothing. Its window is tried again while it is due."""


@dataclass(frozen=True, slots=True)
class KeptRuns:
    """The runs of a platform."""

    documents: Documents

    def names(self, endpoint: str, cadence: Cadence, *, failed: bool = False) -> set[str]:
        """Names of windows that were judged; with ``failed`` also of those that could not be."""
        wanted = (_RUN, _FAILED) if failed else (_RUN,)
        folder = _folder(endpoint, cadence)
        keys = (key.removeprefix(folder) for key in self.documents.keys(folder))
        return {key.partition("/")[0] for key in keys if key.endswith(wanted)}

    def of(self, endpoint: str, cadence: Cadence, window: str) -> RunReport | None:
        """The run of a window: what was judged, or else why nothing was."""
        folder = f"{_folder(endpoint, cadence)}{window}/"
        body = self.documents.read(f"{folder}{_RUN}") or self.documents.read(f"{folder}{_FAILED}")
        return None if body is None else run_from(body)

    def judged(self, endpoint: str, cadence: Cadence) -> Iterator[RunReport]:
        """The runs of an endpoint that judged, the newest first."""
        for name in sorted(self.names(endpoint, cadence), reverse=True):
            found = self.of(endpoint, cadence, name)
            if found is not None:
                yield found

    def address(self, run: RunReport) -> str:
        """Where the run's document is."""
        return self.documents.address(f"{self._place(run)}{_RUN}")

    def keep_violations(self, run: RunReport) -> None:
        """Keep what a run found wrong, before an alert says so."""
        body = violations_json(run.violations)
        self.documents.write(f"{self._place(run)}{VIOLATIONS}", body)

    def keep(self, run: RunReport) -> None:
        """Keep a run; from now on its window counts as judged, unless it failed."""
        name = _FAILED if run.failure else _RUN
        self.documents.write(f"{self._place(run)}{name}", run_json(run))

    def deliver(self, run: RunReport, below: str) -> None:
        """Put a run's documents where its job definition asks for them, in SageMaker's folders.

        Raises:
            ValidationError: it is outside the places where monitoring writes.
        """
        end = bounds_of(run.window, run.cadence)[1]
        at = datetime.fromtimestamp(end / 1_000_000, UTC)
        folder = f"{below.rstrip('/')}/{run.endpoint}/{run.schedule}/{at:%Y/%m/%d/%H}/"
        self.documents.put(f"{folder}{VIOLATIONS}", violations_json(run.violations))
        self.documents.put(f"{folder}{_RUN}", run_json(run))

    @staticmethod
    def _place(run: RunReport) -> str:
        return f"{_folder(run.endpoint, run.cadence)}{run.window}/"


def _folder(endpoint: str, cadence: Cadence) -> str:
    return f"{MONITORING}runs/{endpoint}/{cadence}/"
