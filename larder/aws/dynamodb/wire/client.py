"""``DynamoApi`` by our own client: sign, send, read, and try again where that may help.

Repeating a write is safe here: every write of the record store is conditional, and recognizes its
own earlier try by what is stored.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Sequence

import orjson

from larder.aws.dynamodb.api import (
    CANCELLED,
    CONDITION_FAILED,
    THROTTLES,
    UNAVAILABLE,
    ConditionFailed,
    Item,
    Refusal,
    TransactionCancelled,
    failed,
    late,
    silent,
    throttled,
)
from larder.aws.dynamodb.wire.connection import Answer, BrokenAnswer
from larder.aws.dynamodb.wire.environment import credentials_from, endpoint_from
from larder.aws.dynamodb.wire.pool import ConnectionPool
from larder.aws.dynamodb.wire.side_by_side import Failure
from larder.aws.dynamodb.wire.signing import Signer
from larder.aws.retries import Attempt, Retries
from larder.deadline import remaining
from larder.errors import ServiceUnavailable, ThrottlingException

_CALL_SECONDS = 3.0
_READ_SECONDS = 1.0
"""How long one try waits: DynamoDB answers in milliseconds, and a second try is worth its time."""


class DynamoRefused(Exception):
    """DynamoDB will not do it, however often it is asked: a wrong request, table or permission."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code or status}: {message}")
        self.status = status
        self.code = code


class DynamoWire:
    """DynamoDB at one endpoint."""

    def __init__(
        self,
        signer: Signer,
        pool: ConnectionPool,
        retries: Retries,
        *,
        call_seconds: float = _CALL_SECONDS,
        read_seconds: float = _READ_SECONDS,
    ) -> None:
        self._signer = signer
        self._pool = pool
        self._retries = retries
        self._call_seconds = call_seconds
        self._read_seconds = read_seconds

    @classmethod
    def from_environment(
        cls,
        region: str,
        partition: str,
        retries: Retries,
        *,
        call_seconds: float = _CALL_SECONDS,
        read_seconds: float = _READ_SECONDS,
    ) -> DynamoWire:
        """The region's, or wherever the AWS SDK's variables point.

        Raises:
            ConfigurationError: there are no credentials, or the endpoint is none.
        """
        endpoint = endpoint_from(region, partition)
        return cls(
            Signer(endpoint, credentials_from()),
            ConnectionPool(endpoint),
            retries,
            call_seconds=call_seconds,
            read_seconds=read_seconds,
        )

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.close()

    def call(self, operation: str, request: Item, attempt: Attempt | None = None) -> Item:
        """See ``DynamoApi.call``; by itself a call takes three seconds at most.

        Raises:
            DynamoRefused: another try would not help.
        """
        if remaining() <= 0:
            raise late()
        attempt = attempt or self._retries.begin(self._call_seconds)
        body = orjson.dumps(request, default=_base64)
        while True:
            try:
                answer = self._pool.exchange(
                    self._signer.request(operation, body), attempt.remaining(self._read_seconds)
                )
                if answer.status == 200:
                    return _members(answer)
                failure, cause = _failure(answer), None
            except (OSError, BrokenAnswer) as error:
                failure, cause = silent(), error
            if not attempt.again():
                raise failure from cause

    def call_all(self, operation: str, requests: Sequence[Item]) -> list[Item | Refusal]:
        """See ``DynamoApi.call_all``; all of them together take three seconds at most.

        Raises:
            DynamoRefused: another try would not help; others may have taken effect.
        """
        bodies = [orjson.dumps(request, default=_base64) for request in requests]
        results: list[Item | Refusal] = [late() for _ in requests]
        pending = list(range(len(bodies))) if remaining() > 0 else []
        attempt = self._retries.begin(self._call_seconds, len(pending))
        while pending:
            answers = self._pool.exchange_all(
                [self._signer.request(operation, bodies[number]) for number in pending],
                attempt.remaining(self._read_seconds),
            )
            for number, answer in zip(pending, answers, strict=True):
                results[number] = _result(answer)
            pending = [number for number in pending if _may_pass(results[number])]
            attempt.units = len(pending)
            if not pending or not attempt.again():
                break
        return results


def _members(answer: Answer) -> Item:
    try:
        members = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise BrokenAnswer(f"the body is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise BrokenAnswer("the body is no JSON object")
    return members


def _result(answer: Answer | Failure) -> Item | Refusal:
    """What one of several calls came to."""
    try:
        if not isinstance(answer, Answer):
            return silent()
        return _members(answer) if answer.status == 200 else _failure(answer)
    except ConditionFailed as refusal:
        return refusal
    except BrokenAnswer:
        return silent()


def _may_pass(result: Item | Refusal) -> bool:
    return isinstance(result, ThrottlingException | ServiceUnavailable)


def _failure(answer: Answer) -> ThrottlingException | ServiceUnavailable:
    """What may pass.

    Raises:
        ConditionFailed, TransactionCancelled, DynamoRefused: what will not.
    """
    if answer.status >= 500:
        return failed()
    members = _members(answer)
    code = str(members.get("__type", "")).rpartition("#")[2]
    if code == CONDITION_FAILED:
        raise ConditionFailed(members.get("Item"))
    if code == CANCELLED:
        reasons = members.get("CancellationReasons", [])
        raise TransactionCancelled([each["Code"] for each in reasons])
    if code in THROTTLES:
        return throttled()
    if code in UNAVAILABLE:
        return failed()
    message = members.get("message") or members.get("Message") or ""
    raise DynamoRefused(answer.status, code, str(message))


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return b2a_base64(value, newline=False).decode("ascii")
    raise TypeError(f"{type(value).__name__} is no value of DynamoDB")
