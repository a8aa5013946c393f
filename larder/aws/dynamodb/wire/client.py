"""``DynamoApi`` over a socket: sign, send, read, and try again where that may help.

Repeating a write is safe here: every write of the record store is conditional, and recognizes its
own earlier try by what is stored.
"""

from __future__ import annotations

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
from larder.aws.dynamodb.binary import encoded
from larder.aws.dynamodb.wire.connection import BrokenResponse, HttpResponse
from larder.aws.dynamodb.wire.environment import credentials_from, endpoint_from
from larder.aws.dynamodb.wire.pool import ConnectionPool
from larder.aws.dynamodb.wire.side_by_side import Failure
from larder.aws.dynamodb.wire.signing import Signer
from larder.aws.retries import Attempt, Retries
from larder.deadline import remaining
from larder.errors import ServiceUnavailable, ThrottlingException

_CALL_SECONDS = 3.0
_READ_SECONDS = 1.0
"""How long one try waits: DynamoDB replies in milliseconds, so a second try is the better bet."""


class DynamoRefused(Exception):
    """DynamoDB refuses the request for good: it is malformed, or lacks a table or a permission."""

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
        """The region's DynamoDB, or the one that the AWS SDK's variables name.

        Raises:
            ConfigurationError: there are no credentials, or the endpoint is malformed.
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
        """Call an operation, as ``DynamoApi`` says; without ``attempt`` for three seconds at most.

        Raises:
            DynamoRefused: another try would not help.
        """
        if remaining() <= 0:
            raise late()
        attempt = attempt or self._retries.begin(self._call_seconds)
        body = orjson.dumps(request, default=_base64)
        while True:
            try:
                response = self._pool.exchange(
                    self._signer.request(operation, body), attempt.remaining(self._read_seconds)
                )
                if response.status == 200:
                    return _members(response)
                failure, cause = _failure(response), None
            except (OSError, BrokenResponse) as error:
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


def _members(response: HttpResponse) -> Item:
    try:
        members = orjson.loads(response.body)
    except orjson.JSONDecodeError as error:
        raise BrokenResponse(f"the body is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise BrokenResponse("the body is not a JSON object")
    return members


def _result(response: HttpResponse | Failure) -> Item | Refusal:
    """What one of several calls came to."""
    try:
        if not isinstance(response, HttpResponse):
            return silent()
        return _members(response) if response.status == 200 else _failure(response)
    except ConditionFailed as refusal:
        return refusal
    except BrokenResponse:
        return silent()


def _may_pass(result: Item | Refusal) -> bool:
    return isinstance(result, ThrottlingException | ServiceUnavailable)


def _failure(response: HttpResponse) -> ThrottlingException | ServiceUnavailable:
    """The error of a response after which another try may help.

    Raises:
        ConditionFailed, TransactionCancelled, DynamoRefused: another try would not help.
    """
    if response.status >= 500:
        return failed()
    members = _members(response)
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
    raise DynamoRefused(response.status, code, str(message))


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return encoded(value)
    raise TypeError(f"{type(value).__name__} is not a value of DynamoDB")
