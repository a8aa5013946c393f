"""Executions of a state machine.

Source: AWS, Step Functions API reference, "StartExecution" and "DescribeExecution".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import code_of, refusal

_BROKEN: Final = frozenset({"ABORTED", "FAILED", "TIMED_OUT"})


@dataclass(frozen=True, slots=True)
class StateMachine:
    """The machine of that ARN."""

    client: Any  # boto3's, for which no stubs are installed
    arn: str

    def start(self, name: str, given: Mapping[str, str], what: str) -> None:
        """Begin an execution of that name; nothing where there is one already.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: it was not begun; ``what``
                begins the message.
        """
        try:
            self.client.start_execution(
                stateMachineArn=self.arn, name=name, input=orjson.dumps(given).decode()
            )
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and code_of(error) == "ExecutionAlreadyExists":
                return
            raise refusal(f"{what} (states:StartExecution)", error) from error

    def broken(self, name: str, what: str) -> str | None:
        """How the execution of that name ended without success, in Step Functions' words.

        ``None`` where it runs or has succeeded, and where it is not known: one that has just begun
        may not be.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: Step Functions did not tell;
                ``what`` begins the message.
        """
        arn = f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
        try:
            status: str = self.client.describe_execution(executionArn=arn)["status"]
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and code_of(error) == "ExecutionDoesNotExist":
                return None
            raise refusal(f"{what} (states:DescribeExecution)", error) from error
        return status if status in _BROKEN else None
