"""Queries on Athena: started, watched, and cancelled when their caller is interrupted."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.backoff import Backoff
from larder.errors import LarderError, ServiceUnavailable, ValidationError
from larder.offline.queries import QueryFailed, QueryRun
from larder.progress import Progress, Report

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef

_BACKOFF = Backoff(longest=2.0)
_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class AthenaQueries:
    """Implements ``larder.offline.queries.Queries`` in one workgroup and database."""

    client: AthenaClient
    workgroup: str
    database: str
    backoff: Backoff = _BACKOFF

    def run(self, sql: str, report: Report) -> QueryRun:
        """Run one query and wait for its end; an interrupted wait cancels it."""
        execution_id = self._start(sql)
        try:
            execution = self._wait(execution_id, report)
        except BaseException:
            self._stop(execution_id)
            raise
        status = execution["Status"]
        if status.get("State") != "SUCCEEDED":
            reason = status.get("StateChangeReason", "no reason given")
            raise QueryFailed(f"Athena query {execution_id} {status.get('State')}: {reason}")
        statistics = execution.get("Statistics", {})
        return QueryRun(
            execution_id,
            statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
            statistics.get("DataScannedInBytes", 0),
        )

    def _start(self, sql: str) -> str:
        try:
            return self.client.start_query_execution(
                QueryString=sql,
                ClientRequestToken=str(uuid.uuid4()),  # so a repeated request starts nothing twice
                QueryExecutionContext={"Database": self.database},
                WorkGroup=self.workgroup,
            )["QueryExecutionId"]
        except (ClientError, BotoCoreError) as error:
            raise _translated(error) from error

    def _wait(self, execution_id: str, report: Report) -> QueryExecutionTypeDef:
        start = time.monotonic()
        latest: list[QueryExecutionTypeDef] = []

        def ended() -> bool:
            execution = self._execution(execution_id)
            latest[:] = [execution]
            state = execution["Status"].get("State", "QUEUED")
            scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
            report(Progress("query", state, time.monotonic() - start, bytes=scanned))
            return state in _ENDED

        self.backoff.until(ended, remaining=lambda: inf)
        return latest[0]

    def _execution(self, execution_id: str) -> QueryExecutionTypeDef:
        try:
            return self.client.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
        except (ClientError, BotoCoreError) as error:
            raise _translated(error) from error

    def _stop(self, execution_id: str) -> None:
        try:
            self.client.stop_query_execution(QueryExecutionId=execution_id)
        except (ClientError, BotoCoreError) as error:
            note = _translated(error)
            raise ServiceUnavailable(
                f"query {execution_id} may still run and cost; stop it by hand: {note}"
            ) from error


def _translated(error: ClientError | BotoCoreError) -> LarderError:
    return refusal("Athena refused the query", error, {"InvalidRequestException": ValidationError})
