"""Executions of a state machine. Source: AWS, Step Functions API reference, "StartExecution"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import code_of, refusal


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
