"""Bulk ingestion from Python.

    done = platform.ingestion.ingest("customers", frame_or_address, to="both")
    print(done.rows, done.rejected, done.rejects)

``report`` is called with the progress of a run, as a command line shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from larder.client.html import as_shown, facts
from larder.foreign_errors import in_larders_words
from larder.ingestion.ingest import Summary
from larder.ingestion.options import IngestOptions
from larder.progress import Report, silent
from larder.tabular.reading import Reading
from larder.wiring.ingestion import BulkIngestion


class IngestSummary(Summary):
    """What a run came to."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return facts(
            f"Ingestion run {self.run_id}",
            {
                "Rows read": self.rows,
                "Written offline": self.written,
                "Stored online": self.stored,
                "Older than online": self.older,
                "Rejected": self.rejected,
                "Rejects": self.rejects if self.rejected else None,
                "Seconds": f"{self.seconds:.1f}",
                "Completed before": "yes, nothing was done now" if self.completed_before else None,
            },
        )


@dataclass(frozen=True, slots=True)
class IngestionClient:
    """Ingests rows straight into the stores, with this process's IAM rights.

    The arguments of ``ingest``:

    Args:
        source: a frame, or the address of a file, a folder or a pattern, on this machine or
            ``s3://``. Files are Parquet, CSV, TSV, JSON lines, Arrow or Feather. NaN is no value,
            as null is.
        to: ``offline`` (the history), ``online`` (each record's newest version) or ``both``.
        run_id: the id under which a run that was interrupted goes on; by default a new one.
        rejects: the file for rows that can't be taken, with the reasons: .jsonl, .csv or
            .parquet; or a folder. By default ``~/.larder/rejects/GROUP-RUN-rejects.jsonl``.
        columns: features by the names of the source's columns, where those have other names.
            An empty feature name leaves its column out.
        time_zone: the zone of times that have none.
        delimiter: between the cells of a text file; by default the comma, semicolon, tab or pipe
            that its header has most of.
        encoding: of a text file; by default UTF-8, or what a byte order mark says.
        max_writes_per_second: of the online store.
        report: called with the run's progress.

    It raises ``ResourceNotFound`` or ``ValidationError`` where the source as a whole does not fit a
    group. Single rows that don't fit are rejected, not raised. Another ``LarderError`` means that
    a store did not take it: the same run id goes on from there.
    """

    runs: BulkIngestion

    def ingest(  # noqa: PLR0913 - keywords explain themselves
        self,
        group: str,
        source: Any,  # noqa: ANN401 - a frame of any library, or an address
        *,
        to: str = "offline",
        run_id: str | None = None,
        rejects: str | Path | None = None,
        columns: Mapping[str, str] | None = None,
        time_zone: str | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        max_writes_per_second: float = 1000.0,
        report: Report = silent,
    ) -> IngestSummary:
        """Ingest a pandas, Polars, Arrow or NumPy frame, columns by name, or files of rows."""
        options = IngestOptions(
            to=to,
            run_id=run_id,
            rejects=Path(rejects) if rejects else None,
            columns=columns or {},
            time_zone=time_zone,
            reading=Reading(delimiter=delimiter, encoding=encoding),
            max_writes_per_second=max_writes_per_second,
        )
        with in_larders_words(f"the ingestion into {group} failed"):
            found = self.runs.run(group, source, options, report)
        return as_shown(IngestSummary, found)
