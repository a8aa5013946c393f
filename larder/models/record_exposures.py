"""From lines of the inference function's log to the table of exposures: the writer's use case.

Rows of what was answered come first, then data capture, then shadows. So nothing of a shadow holds
up what was answered. All of it may be done again: rows have keys that follow from their lines, and
so have the capture files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from larder.errors import AccessForbidden, LarderError, NewerFormat, ValidationError
from larder.groups.feature_group import FeatureGroup
from larder.models.capture_files import CaptureFile, capture_files
from larder.models.exposed import Exposure
from larder.models.exposure_line import UnreadableLine, from_line
from larder.models.exposure_table import row_of
from larder.models.score_shadows import ShadowScorer, score_shadows
from larder.offline.ports import OfflineTables, Remaining
from larder.offline.rows import OfflineRow

WHOLE = "unreadable"
"""In place of a log event's id: the line is a whole delivery that could not be unpacked."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line as the log's subscription delivers it; ``at`` in milliseconds since the epoch.

    ``problem`` says why a whole delivery, kept here as one line, could not be read.
    """

    id: str
    text: str
    at: int
    problem: str = ""


class ExposureQuarantine(Protocol):
    """Where lines go that can't be read. Raises ``ServiceUnavailable``."""

    def put(self, line: LogLine, reason: str) -> str:
        """Keep a line; its place. Equal lines share one."""


class CaptureStore(Protocol):
    """Where capture files go."""

    def put(self, file: CaptureFile) -> None:
        """Write a file.

        Raises:
            ValidationError, AccessForbidden: not there, and trying again would not help.
            ServiceUnavailable: the store did not answer.
        """


@dataclass(frozen=True, slots=True)
class Lost:
    """What could not be kept, how many lines of it, and why; the reason quotes no value."""

    place: str
    lines: int
    reason: str


@dataclass(slots=True)
class Recorded:
    """What became of a batch; ``other`` lines were no exposures.

    ``shadows_failed`` counts instances by why their shadow has no score. ``newer`` is of a line
    that a newer release wrote.
    """

    rows: int = 0
    duplicates: int = 0
    shadows_failed: Mapping[str, int] = field(default_factory=dict)
    other: int = 0
    quarantined: list[Lost] = field(default_factory=list)
    captured: int = 0
    captures_lost: list[Lost] = field(default_factory=list)
    newer: NewerFormat | None = None


@dataclass(slots=True)
class ExposureRecorder:
    """Records exposures. The table is made at the first batch that a process writes."""

    table: FeatureGroup
    tables: OfflineTables
    quarantine: ExposureQuarantine
    captures: CaptureStore
    scorer: ShadowScorer
    _made: bool = False

    def record(self, lines: Sequence[LogLine], *, remaining: Remaining) -> Recorded:
        """Record a batch of lines.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden, TableUnusable: something of
                the batch is not recorded; it must come again.
            NewerFormat: a line is of a newer release; all others are recorded.
        """
        done = Recorded()
        read = self._read(lines, done)
        good = self._append_answered(read, done, remaining)
        self._capture(good, done)
        shadows = score_shadows(good, self.scorer, remaining)
        done.shadows_failed = shadows.failed
        self._append([row_of(*each) for each in shadows.scored], done, remaining)
        if done.newer is not None:
            raise done.newer
        return done

    def _read(self, lines: Sequence[LogLine], done: Recorded) -> list[tuple[LogLine, Exposure]]:
        read: list[tuple[LogLine, Exposure]] = []
        for line in lines:
            if line.problem:
                self._set_aside(line, line.problem, done)
                continue
            try:
                exposure = from_line(line.text)
            except UnreadableLine as error:
                self._set_aside(line, str(error), done)
                continue
            except NewerFormat as error:
                done.newer = error
                continue
            if exposure is None:
                done.other += 1
            else:
                read.append((line, exposure))
        return read

    def _append_answered(
        self, read: Sequence[tuple[LogLine, Exposure]], done: Recorded, remaining: Remaining
    ) -> list[Exposure]:
        """Write the rows of what was answered; what was read and could be written."""
        exposures = [exposure for _, exposure in read]
        try:
            self._append([row for each in exposures for row in _answered(each)], done, remaining)
        except LarderError:
            raise
        except Exception as error:  # a line that no rule foresaw: find it, and spare the others
            if len(read) == 1:
                self._set_aside(read[0][0], f"no row was made ({type(error).__name__})", done)
                return []
            half = len(read) // 2
            first = self._append_answered(read[:half], done, remaining)
            return first + self._append_answered(read[half:], done, remaining)
        return exposures

    def _append(self, rows: Sequence[OfflineRow], done: Recorded, remaining: Remaining) -> None:
        if not rows:
            return
        if not self._made:
            self.tables.create(self.table)
            self._made = True
        appended = self.tables.append(self.table, rows, remaining=remaining)
        done.rows += appended.rows + appended.by_others
        done.duplicates += appended.duplicates

    def _capture(self, exposures: Sequence[Exposure], done: Recorded) -> None:
        for file in capture_files(exposures):
            try:
                self.captures.put(file)
            except (ValidationError, AccessForbidden) as error:
                folder = file.address.rpartition("/")[0]
                done.captures_lost.append(Lost(folder, file.lines, str(error)))
            else:
                done.captured += file.lines

    def _set_aside(self, line: LogLine, reason: str, done: Recorded) -> None:
        done.quarantined.append(Lost(self.quarantine.put(line, reason), 1, reason))


def _answered(exposure: Exposure) -> list[OfflineRow]:
    return [row_of(exposure, each) for each in exposure.instances if not exposure.is_shadow(each)]
