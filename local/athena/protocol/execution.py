"""One query execution: what was asked, how far it is, what came of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from local.athena.language.statements import Family
from local.athena.protocol.workgroups import Output
from local.athena.tables.types import Column

_ENGINE = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What the client asked for, as it asked."""

    sql: str
    parameters: tuple[str, ...]
    context: Mapping[str, str]
    workgroup: str
    family: Family
    output: Output


@dataclass(slots=True)
class Execution:
    """One execution. Only ``Executions`` changes it, under its lock; times are in seconds."""

    request: Request
    query_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    submitted: float = field(default_factory=time.time)
    state: str = "QUEUED"
    reason: str = ""
    athena_error: Mapping[str, object] | None = None
    started: float | None = None
    completed: float | None = None
    columns: tuple[Column, ...] = ()
    header: bool = False
    update_count: int = 0
    bytes_scanned: int = 0
    manifest: str = ""
    interrupt: Callable[[], None] | None = None

    @property
    def location(self) -> str:
        """The address of the result file; of a table's folder for CREATE TABLE AS."""
        return self.request.output.result(self.query_id, self.request.family)

    def document(self) -> dict[str, object]:
        """The ``QueryExecution`` of Athena's API."""
        request, output = self.request, self.request.output
        document: dict[str, object] = {
            "QueryExecutionId": self.query_id,
            "Query": request.sql,
            "StatementType": request.family.statement,
            "SubstatementType": request.family.substatement,
            "ResultConfiguration": {"OutputLocation": self.location} | output.configuration(),
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": dict(request.context),
            "Status": self._status(),
            "Statistics": self._statistics(),
            "WorkGroup": request.workgroup,
            "EngineVersion": _ENGINE,
        }
        if request.parameters:
            document["ExecutionParameters"] = list(request.parameters)
        return document

    def _status(self) -> dict[str, object]:
        status: dict[str, object] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.athena_error:
            status["AthenaError"] = self.athena_error
        if self.completed is not None:
            status["CompletionDateTime"] = self.completed
        return status

    def _statistics(self) -> dict[str, object]:
        end = self.completed or time.time()
        start = self.started or end
        statistics: dict[str, object] = {
            "EngineExecutionTimeInMillis": round((end - start) * 1000),
            "DataScannedInBytes": self.bytes_scanned,
            "TotalExecutionTimeInMillis": round((end - self.submitted) * 1000),
            "QueryQueueTimeInMillis": round((start - self.submitted) * 1000),
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        }
        if self.manifest:
            statistics["DataManifestLocation"] = self.manifest
        return statistics
