"""Athena as an engine of pipelines: a statement's rows as Parquet in a folder of S3."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from larder.as_of.athena import unload
from larder.aws.refusals import refusal
from larder.backoff import Backoff
from larder.errors import LarderError, ValidationError
from larder.offline.queries import QueryFailed
from larder.pipelines.runs.ports import Remaining, StillRunning

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import QueryExecutionStatusTypeDef

_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_BACKOFF = Backoff(longest=2.0)


@dataclass(frozen=True, slots=True)
class AthenaUnload:
    """Implements ``larder.pipelines.runs.ports.Engine`` in one workgroup and database."""

    client: AthenaClient
    workgroup: str
    database: str
    backoff: Backoff = _BACKOFF

    def unload(self, query: str, folder: str, token: str, remaining: Remaining) -> None:
        execution_id = self._start(unload(query, folder), token)
        latest: list[QueryExecutionStatusTypeDef] = []

        def ended() -> bool:
            latest[:] = [self._status(execution_id)]
            return latest[0].get("State", "QUEUED") in _ENDED

        self.backoff.until(ended, remaining=remaining)
        state = latest[0].get("State", "QUEUED") if latest else "QUEUED"
        if state not in _ENDED:
            raise StillRunning(f"Athena query {execution_id} is {state}")
        if state != "SUCCEEDED":
            reason = latest[0].get("StateChangeReason", "no reason given")
            raise QueryFailed(f"Athena query {execution_id} {state}: {reason}")

    def _start(self, sql: str, token: str) -> str:
        try:
            return self.client.start_query_execution(
                QueryString=sql,
                # of a fixed length, since Athena takes 32 to 128 characters
                ClientRequestToken=hashlib.sha256(token.encode()).hexdigest(),
                QueryExecutionContext={"Database": self.database},
                WorkGroup=self.workgroup,
            )["QueryExecutionId"]
        except (ClientError, BotoCoreError) as error:
            raise _translated(error) from error

    def _status(self, execution_id: str) -> QueryExecutionStatusTypeDef:
        try:
            found = self.client.get_query_execution(QueryExecutionId=execution_id)
        except (ClientError, BotoCoreError) as error:
            raise _translated(error) from error
        return found["QueryExecution"]["Status"]


def _translated(error: ClientError | BotoCoreError) -> LarderError:
    return refusal("Athena refused the query", error, {"InvalidRequestException": ValidationError})
