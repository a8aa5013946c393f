"""An endpoint without an API in front: a Function URL that asks for a signature."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class FunctionUrl(Construct):
    """The URL of a function or of its alias, and a policy for those who may call it.

    IAM sees one resource here, the function, and no paths: a caller that may call may call
    everything, and a group's grants alone decide. Since October 2025 a call needs
    ``lambda:InvokeFunction`` beside ``lambda:InvokeFunctionUrl``. Allowed without a condition, that
    would let a caller invoke the function past the URL, under any name. So ``callers`` is a managed
    policy that has both, for calls through this URL alone.
    Source: AWS, "Control access to Lambda function URLs".
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, target: lambda_.IFunction, description: str
    ) -> None:
        super().__init__(scope, construct_id)
        self._url = lambda_.FunctionUrl(
            self, "Url", function=target, auth_type=lambda_.FunctionUrlAuthType.AWS_IAM
        )
        self.callers = iam.ManagedPolicy(self, "Callers", description=description)
        self._url.grant_invoke_url(self.callers)

    @property
    def address(self) -> str:
        """``https://<id>.lambda-url.<region>.on.aws/``."""
        return self._url.url
