"""boto3's clients of SageMaker that call a platform's API, whatever else this process calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3

from larder.aws.client_signing import sign_for_execute_api
from larder.errors import ConfigurationError
from larder.settings.base import Settings

CONTROL, RUNTIME = "sagemaker", "sagemaker-featurestore-runtime"
_AWS = (".amazonaws.com", ".amazonaws.com.cn")


@dataclass(frozen=True, kw_only=True)
class ApiSettings(Settings):
    """The URL of the platform's HTTP API, and its region; empty where they are not known."""

    api_endpoint: str = ""
    region: str = ""


def sagemaker_client(service: str, settings: ApiSettings) -> Any:  # noqa: ANN401 - as boto3
    """A client of one of the two services.

    An endpoint that the AWS SDK's own configuration names for the service is called, and otherwise
    the platform's API. Requests are signed for ``execute-api``, unless the configuration says
    another service (``larder configure``).

    Raises:
        ConfigurationError: neither names an endpoint.
    """
    region = settings.region or None
    make: Any = boto3.client
    client = make(service, region_name=region)
    if _is_sagemakers_own(client.meta.endpoint_url):
        if not settings.api_endpoint:
            raise ConfigurationError(
                f"The endpoint of the platform's API is not known: set LARDER_API_ENDPOINT, or "
                f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}; or name the stage, as in "
                f'larder.connect("dev").'
            )
        client = make(service, region_name=region, endpoint_url=settings.api_endpoint)
    if client.meta.service_model.signing_name == CONTROL:
        sign_for_execute_api(client)
    return client


def _is_sagemakers_own(url: str) -> bool:
    host = url.partition("://")[2].partition("/")[0]
    return host.endswith(_AWS) and ".sagemaker." in f".{host}"
