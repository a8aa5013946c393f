"""A custom resource whose work takes longer than a call: a function that is asked until it is done.

The CDK's provider framework (``custom_resources.Provider``) answers CloudFormation and waits in a
state machine. It brings three small functions of its own, which run on Node.
"""

from typing import Final, cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk.custom_resources import Provider
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs.permissions import acknowledge
from stacks.constructs.python_function import log_group_of, role_of_function

_ASK_EVERY: Final = Duration.seconds(2)
_LOGGED: Final = "the state machine only asks again; the function logs each call"


class PolledResource(Construct):
    """What CloudFormation calls for a custom resource of ``function``.

    The function gets both kinds of event, since the second has the reply to the first in it. After
    ``timeout`` the framework fails the resource by itself.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        function: lambda_.Function,
        timeout: Duration,
    ) -> None:
        super().__init__(scope, construct_id)
        group = log_group_of(self, "Logs", config)
        roles = [role_of_function(self, name, group) for name in ("OnEventRole", "IsCompleteRole")]
        provider = Provider(
            self,
            "Provider",
            on_event_handler=function,
            is_complete_handler=function,
            query_interval=_ASK_EVERY,
            total_timeout=timeout,
            log_group=group,
            framework_on_event_role=roles[0],
            framework_complete_and_timeout_role=roles[1],
        )
        self.service_token = provider.service_token
        self._accept_findings(function)

    def _accept_findings(self, function: lambda_.Function) -> None:
        """The framework's own rights name every version of one function: ``<its ARN>:*``."""
        framework = [
            each
            for each in self.node.find_all()
            if isinstance(each, lambda_.CfnFunction)  # its three functions
        ]
        for each in (function.node.default_child, *framework):
            logical_id = Stack.of(self).get_logical_id(cast("lambda_.CfnFunction", each))
            finding = f"AwsSolutions-IAM5[Resource::<{logical_id}.Arn>:*]"
            acknowledge(self, finding, "the CDK lets a caller invoke every version of a function")
        for rule in ("AwsSolutions-SF1", "AwsSolutions-SF2"):
            acknowledge(self, rule, _LOGGED)
