"""AWS clients of the platform, whatever the caller's own AWS settings are."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from local.layout import ACCESS_KEY, REGION, SECRET_KEY, Platform


def client(platform: Platform, service: str) -> Any:
    """A client of ``service`` with the root user's key."""
    athena = service == "athena"
    make: Callable[..., Any] = boto3.client
    return make(
        service,
        endpoint_url=platform.athena_endpoint if athena else platform.endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        verify=str(platform.ca_bundle) if platform.strict else None,
        config=Config(connect_timeout=10, read_timeout=60, retries={"total_max_attempts": 3}),
    )
