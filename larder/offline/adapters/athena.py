"""Queries on Athena: started, watched, and cancelled when their caller is interrupted."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
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
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class AthenaQueries:
    """Implements ``larder.offline.queries.Queries`` in one workgroup and database."""

    client: AthenaClient
    workgroup: str
    database: str
    backoff: Backoff = _BACKOFF

    def run(self, sql: str, report: Report) -> QueryRun:
        """Run one query and wait for its end; an interrupted wait cancels it."""
        # a token, so that a repeated request starts nothing twice
        execution_id = self.start(sql, str(uuid.uuid4()))
        try:
            execution = self.wait(execution_id, report)
        except BaseException:
            self._stop(execution_id)
            raise
        check(execution_id, execution)
        statistics = execution.get("Statistics", {})
        return QueryRun(
            execution_id,
            statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
            statistics.get("DataScannedInBytes", 0),
        )

    def start(self, sql: str, token: str) -> str:
        """The id of a query; of a repeated ``token`` (32 to 128 characters) that of the first."""
        try:
            return self.client.start_query_execution(
                QueryString=sql,
                ClientRequestToken=token,
                QueryExecutionContext={"Database": self.database},
                WorkGroup=self.workgroup,
            )["QueryExecutionId"]
        except (ClientError, BotoCoreError) as error:
            raise _translated(error) from error

    def wait(
        self, execution_id: str, report: Report, remaining: Callable[[], float] = lambda: inf
    ) -> QueryExecutionTypeDef:
        """The query once it has ended, or as it is when no time remains."""
        start = time.monotonic()
        latest: list[QueryExecutionTypeDef] = []

        def ended() -> bool:
            execution = self._execution(execution_id)
            latest[:] = [execution]
            state = state_of(execution)
            scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
            report(Progress("query", state, time.monotonic() - start, bytes=scanned))
            return state in ENDED

        self.backoff.until(ended, remaining=remaining)
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


def state_of(execution: QueryExecutionTypeDef) -> str:
    """The state of a query."""
    return execution["Status"].get("State", "QUEUED")


def check(execution_id: str, execution: QueryExecutionTypeDef) -> None:
    """Nothing where a query that has ended succeeded.

    Raises:
        QueryFailed: it did not.
    """
    state = state_of(execution)
    if state != "SUCCEEDED":
        reason = execution["Status"].get("StateChangeReason", "no reason given")
        raise QueryFailed(f"Athena query {execution_id} {state}: {reason}")


def _translated(error: ClientError | BotoCoreError) -> LarderError:
    return refusal("Athena refused the query", error, {"InvalidRequestException": ValidationError})
