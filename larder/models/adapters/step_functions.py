"""The state machine of updates. Source: AWS, Step Functions API reference, "StartExecution"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import code_of, refusal
from larder.models.deploy import DEPLOYMENT, ENDPOINT


@dataclass(frozen=True, slots=True)
class StepFunctionsMachine:
    """Implements ``larder.models.registry.DeploymentMachine`` by the machine of that ARN.

    An execution has the name of its endpoint and update, so that none begins twice.
    """

    client: Any  # boto3's, for which no stubs are installed
    arn: str

    def start(self, endpoint: str, uid: str) -> None:
        given = orjson.dumps({ENDPOINT: endpoint, DEPLOYMENT: uid}).decode()
        try:
            self.client.start_execution(
                stateMachineArn=self.arn, name=f"{endpoint}-{uid}", input=given
            )
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and code_of(error) == "ExecutionAlreadyExists":
                return
            raise refusal("the update did not begin (states:StartExecution)", error) from error
