"""Where a deployed platform's data plane is: one parameter that its stacks publish."""

from __future__ import annotations

import json

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from larder.errors import ConfigurationError
from larder.settings.runtime import RuntimeSettings, client_parameter


def published_settings(stage: str) -> RuntimeSettings:
    """The settings that a stage's stacks published, in the account and region of the AWS SDK.

    The caller needs ``ssm:GetParameter`` on the parameter.

    Raises:
        ConfigurationError: there is no such parameter, or it can't be read.
    """
    name = client_parameter(stage)
    try:
        found = boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    except (ClientError, BotoCoreError) as error:
        raise ConfigurationError(
            f"stage {stage!r}: the SSM parameter {name}, which `cdk deploy '{stage}/*'` makes, "
            f"can't be read: {error}. Check the stage's name, the region, and that "
            f"ssm:GetParameter is allowed."
        ) from error
    return RuntimeSettings.from_env(json.loads(found))
