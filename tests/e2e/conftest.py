"""The platform that the end-to-end tests run against: everything deployed, in strict mode.

Started once a session in a directory of its own and on free ports, by the code behind
``make up``. ``LARDER_E2E_REUSE=1`` takes the strict platform of this clone instead (started if
need be) and leaves it running: quicker while one writes a test.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local import commands, environment
from local.errors import LocalPlatformError
from local.layout import ACCESS_KEY, PORT_VARIABLES, REGION, SECRET_KEY, Platform
from local.ports import free_port
from local.progress import Progress
from tests.e2e.gap_stack import TEMPLATE

SAGEMAKER = ("sagemaker", "sagemaker-featurestore-runtime")


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
        make: Callable[..., Any] = boto3.client
        client = make(
            service,
            endpoint_url=self._endpoint(service),
            region_name=REGION,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            verify=str(self.platform.ca_bundle),
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )
        if service in SAGEMAKER:
            client.meta.events.register("before-sign", _sign_for_api_gateway)
        return client

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
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedPlatform]:
    """The deployed platform in strict mode; data of one test are seen by the others."""
    if os.environ.get("LARDER_E2E_REUSE"):
        reused = Platform.from_environment(strict=True)
        yield DeployedPlatform(reused, commands.up(reused, Progress()))
        return
    root = tmp_path_factory.mktemp("strict-platform")
    fresh = Platform(
        root=root,
        environment_file=root / "env",
        ports={name: free_port() for name in PORT_VARIABLES},
        strict=True,
        batch_window_limit=2.0,
    )
    try:
        yield DeployedPlatform(fresh, commands.up(fresh, Progress()))
    except LocalPlatformError as error:
        pytest.exit(f"the platform did not come up: {error}", returncode=1)
    finally:
        commands.down(fresh, Progress())


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
