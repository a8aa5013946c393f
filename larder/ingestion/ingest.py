"""Bulk in: rows of a source into a group's offline table, its online store, or both.

Each row means what PutRecord of it would mean. The rows of a source are accepted one after the
other: row *n* of a run has the run's first write time plus *n* microseconds. So write times are the
same whenever a run is tried again. Of equal event times the later row wins.

A run ends in the state of having been done once. It may be killed and begun again under its id any
number of times. Offline, the commit that writes rows also moves the run's mark, in one atomic step.
Online, writing a version again changes nothing (``larder.records.record``). Rows go offline first,
so that what is served is in the history; their online versions are ``recorded``, so that the
records' stream does not write them there a second time.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup, TargetStore
from larder.ingestion.load import Offered, OnlineLoader, Rows, batched
from larder.ingestion.ports import (
    Arrow,
    BulkSource,
    BulkTables,
    NewestVersions,
    Rejects,
    RowConverter,
    Run,
    RunJournal,
)
from larder.progress import Progress, Report

COMMIT_ROWS = 250_000
COMMIT_BYTES = 96 * 1024 * 1024
_RUN_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_COUNTS = ("rows", "rejected", "written", "stored", "older")


@dataclass(slots=True)
class Summary:
    """What a run came to. ``written`` are rows that this try put into the offline table.

    Of the newest versions offered online, ``stored`` are there now, and ``older`` met a newer one
    or a deletion. A run that was ``completed_before`` did nothing now; its counts are those of its
    last try. ``rejects`` is where the rejected rows are.
    """

    run_id: str
    rows: int = 0
    rejected: int = 0
    written: int = 0
    stored: int = 0
    older: int = 0
    seconds: float = 0.0
    completed_before: bool = False
    rejects: str = ""

    @classmethod
    def of_outcome(cls, run_id: str, outcome: Mapping[str, int]) -> Summary:
        """That of a run that was completed before."""
        found = cls(run_id, completed_before=True)
        for name in _COUNTS:
            setattr(found, name, outcome[name])
        return found

    def counts(self) -> dict[str, int]:
        """What is kept of a completed run."""
        return {name: getattr(self, name) for name in _COUNTS}


def new_run_id() -> str:
    """An id that no other run has."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class Job:
    """What is ingested: a source's ``rows`` as rows of the group, into which stores."""

    group: FeatureGroup
    source: BulkSource
    rows: RowConverter
    targets: frozenset[TargetStore]
    run_id: str
    rejects: Rejects

    def __post_init__(self) -> None:
        """Check the run's id, which becomes part of names."""
        if _RUN_ID.fullmatch(self.run_id) is None:
            raise ValidationError(
                f"{self.run_id[:80]!r} is no id of a run: it has 1 to 100 letters, digits, _, - "
                "and ., and begins with a letter or digit"
            )


@dataclass(frozen=True, slots=True)
class Ingestion:
    """The use case; ``clock`` gives microseconds since the epoch."""

    tables: BulkTables
    journal: RunJournal
    loader: OnlineLoader
    newest: Callable[[FeatureGroup, Run, bool], AbstractContextManager[NewestVersions]]
    clock: Callable[[], int]

    def run(self, job: Job, report: Report) -> Summary:
        """Ingest a source, or the rest of it.

        Raises:
            ValidationError: the run's id is that of another source, or the run is too old. Rows of
                an old run are not loaded online any more.
            ThrottlingException, ServiceUnavailable, TableUnusable: a store did not take it; the
                same run goes on from there.
        """
        run = self._begin(job)
        if run.outcome is not None:
            return Summary.of_outcome(job.run_id, run.outcome)
        start, summary = time.monotonic(), Summary(job.run_id, rejects=job.rejects.place)
        offline = TargetStore.OFFLINE in job.targets
        with self.newest(job.group, run, offline) as newest:
            for chunk in _chunks(job, summary, report):
                if offline:
                    until = job.rows.rows
                    summary.written += self.tables.append_run(job.group, run, chunk, until)
                if TargetStore.ONLINE in job.targets:
                    newest.add(chunk)
            if TargetStore.ONLINE in job.targets:
                self._load(job, run, newest, summary, report)
        self.journal.note(replace(run, outcome=summary.counts()))
        if offline:
            self.tables.end_run(job.group, run)
        summary.seconds = time.monotonic() - start
        return summary

    def _begin(self, job: Job) -> Run:
        given = job.source.fingerprint
        run = self.journal.begin(Run(job.run_id, job.group.uid, given, self.clock()))
        if run.source != given:
            raise ValidationError(
                f"run {job.run_id} was begun with another source, or this one was changed since: "
                "go on with the source as it was, or begin a run of another id"
            )
        return run

    def _load(
        self, job: Job, run: Run, newest: NewestVersions, summary: Summary, report: Report
    ) -> None:
        def done(offered: Offered) -> None:
            summary.stored, summary.older = offered.total_stored, offered.total_older
            through = offered.batch[-1][1].write_time
            self.journal.note(replace(run, online_after=through))

        rows = Rows(
            job.group,
            batched(newest.versions(run.online_after)),
            total=newest.count(),
            read_at=run.first_write_time * 1000,
        )
        self.loader.load(rows, done=done, report=report)


def _chunks(job: Job, summary: Summary, report: Report) -> Iterator[list[Arrow]]:
    """Taken rows, as many as are written at once; ``rows.rows`` says where a chunk ends."""
    start, chunk, rows = time.monotonic(), list[Arrow](), job.rows
    for batch in job.source.batches():
        taken, rejected = rows.convert(batch)
        job.rejects.add(rejected)
        chunk.append(taken)
        summary.rows, summary.rejected = rows.rows, summary.rejected + len(rejected)
        seconds, share = time.monotonic() - start, job.source.fraction()
        report(Progress("ingest", seconds=seconds, rows=rows.rows, fraction=share))
        if _is_full(chunk):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _is_full(chunk: list[Arrow]) -> bool:
    rows, size = sum(map(len, chunk)), sum(each.nbytes for each in chunk)
    return rows >= COMMIT_ROWS or size >= COMMIT_BYTES
