"""Where Python programs in the account find the platform: ``larder.connect``."""

from dataclasses import replace

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from larder.settings.published import PublishedSettings, client_parameter


class ClientParameter(ssm.StringParameter):
    """One parameter of a fixed name: a program knows the stage and nothing else.

    It holds names and addresses, no secrets: a program needs rights on the tables as well.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: str, settings: PublishedSettings
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            parameter_name=client_parameter(stage),
            description="Larder's stores and its API, for larder.connect",
            string_value=Stack.of(scope).to_json_string(replace(settings, stage=stage).to_env()),
        )
        CfnOutput(scope, "ClientParameterName", value=self.parameter_name)
