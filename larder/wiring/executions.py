"""Executions of a state machine of Step Functions, started and watched from a program."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.backoff import Backoff
from larder.errors import ConfigurationError

_RUNNING = "RUNNING"


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution, with the status that Step Functions gives it and what it said at its end."""

    arn: str
    status: str
    output: dict[str, Any]
    cause: str

    @property
    def message(self) -> str:
        """The message in Lambda's JSON of an error, or the text as it is."""
        try:
            told = orjson.loads(self.cause)
        except orjson.JSONDecodeError:
            return self.cause
        return str(told.get("errorMessage", self.cause)) if isinstance(told, dict) else self.cause


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A machine by its ARN; ``setting`` names the variable that has it."""

    client: Any  # boto3's, of Step Functions
    arn: str
    setting: str
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.25, longest=5.0))

    def start(self, asked: dict[str, Any]) -> str:
        """The ARN of a new execution.

        Raises:
            LarderError: Step Functions refused.
        """
        if not self.arn:
            raise ConfigurationError(
                f"{self.setting} is not set: deploy this release, whose stage publishes it"
            )
        try:
            started = self.client.start_execution(
                stateMachineArn=self.arn, input=orjson.dumps(asked).decode()
            )
        except (ClientError, BotoCoreError) as error:
            raise refusal("Step Functions refused the run", error, {}) from error
        return str(started["executionArn"])

    def wait(self, arn: str, tell: Callable[[str, float], None]) -> Execution:
        """The execution once it has ended; ``tell`` hears of its status and the seconds so far."""
        start = time.monotonic()
        latest: list[Execution] = []

        def ended() -> bool:
            latest[:] = [self.look(arn)]
            tell(latest[0].status, time.monotonic() - start)
            return latest[0].status != _RUNNING

        self.backoff.until(ended, remaining=lambda: inf)
        return latest[0]

    def look(self, arn: str) -> Execution:
        """The execution as it is now.

        Raises:
            LarderError: Step Functions refused.
        """
        try:
            found = self.client.describe_execution(executionArn=arn)
        except (ClientError, BotoCoreError) as error:
            raise refusal("Step Functions refused to tell of the run", error, {}) from error
        output = orjson.loads(found.get("output") or "{}")
        return Execution(arn, found["status"], output, found.get("cause", ""))
