"""The platform that the end-to-end tests run against: everything deployed, in strict mode.

One for all workers of a run; see ``tests/support/strict_platform.py``.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from larder import sign_for_function_url
from local import environment
from local.layout import ACCESS_KEY, REGION, SECRET_KEY, Platform
from tests.e2e.gap_stack import TEMPLATE
from tests.support.strict_platform import SharedPlatform

SAGEMAKER = ("sagemaker", "sagemaker-featurestore-runtime", "sagemaker-runtime")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An AWS key; by default that of the platform's root user."""

    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    token: str | None = None


ROOT = Credentials()


@dataclass(frozen=True, slots=True)
class DeployedPlatform:
    """The running platform, its stacks' outputs, and clients that reach it."""

    platform: Platform
    outputs: dict[str, str]

    @property
    def api(self) -> str:
        """Address of the SageMaker API."""
        return environment.api_endpoint(self.platform, self.outputs)

    @property
    def environment(self) -> dict[str, str]:
        """What ``python -m local env`` exports."""
        return environment.variables(self.platform, self.outputs)

    def client(self, service: str, credentials: Credentials = ROOT) -> Any:
        """A client of ``service``; SageMaker's sign for API Gateway, as its endpoint wants."""
        client = self._client(service, self._endpoint(service), credentials)
        if service in SAGEMAKER:
            client.meta.events.register("before-sign", _sign_for_api_gateway)
        return client

    def runtime_at_url(self, credentials: Credentials = ROOT) -> Any:
        """A client of the data plane that calls its Function URL."""
        url = environment.function_url(self.platform, self.outputs)
        client = self._client(SAGEMAKER[1], url, credentials)
        sign_for_function_url(client)
        return client

    def _client(self, service: str, endpoint: str, credentials: Credentials) -> Any:
        make: Callable[..., Any] = boto3.client
        return make(
            service,
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            verify=str(self.platform.ca_bundle),
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )

    def credentials_of(self, function: str) -> Credentials:
        """Credentials of a function's role; ``function`` is the name of a stack output."""
        configuration = self.client("lambda").get_function_configuration(
            FunctionName=self.outputs[function]
        )
        assumed = self.client("sts").assume_role(
            RoleArn=configuration["Role"], RoleSessionName="end-to-end-test"
        )["Credentials"]
        return Credentials(
            assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]
        )

    def _endpoint(self, service: str) -> str:
        if service in SAGEMAKER:
            return self.api
        return self.platform.athena_endpoint if service == "athena" else self.platform.endpoint


def _sign_for_api_gateway(request: Any, **_: Any) -> None:
    request.context.update(signing={"signing_name": "execute-api"})


@pytest.fixture(scope="session")
def platform(request: pytest.FixtureRequest) -> DeployedPlatform:
    """The deployed platform in strict mode; data of one test are seen by the others."""
    shared = request.config.pluginmanager.get_plugin(SharedPlatform.NAME)
    return DeployedPlatform(*shared.wait())


@pytest.fixture(scope="session")
def gap_stack(platform: DeployedPlatform) -> Iterator[dict[str, str]]:
    """Physical names of the resources of ``gap_stack.TEMPLATE``, deployed, by logical id."""
    cloudformation = platform.client("cloudformation")
    cloudformation.create_stack(
        StackName="larder-emulator-gaps",
        TemplateBody=json.dumps(TEMPLATE),
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="larder-emulator-gaps", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    described = cloudformation.describe_stack_resources(StackName="larder-emulator-gaps")
    yield {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in described["StackResources"]}
    cloudformation.delete_stack(StackName="larder-emulator-gaps")
