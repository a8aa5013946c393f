"""Endpoint, trust and credentials from the AWS SDK's own variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from larder.aws.dynamodb.wire.credentials import Credentials, provided_by_botocore
from larder.aws.dynamodb.wire.endpoint import Endpoint

_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}


def endpoint_from(region: str, partition: str, env: Mapping[str, str] = os.environ) -> Endpoint:
    """The endpoint of DynamoDB, as ``service_endpoint``."""
    return service_endpoint("dynamodb", region, partition, env)


def service_endpoint(
    service: str, region: str, partition: str, env: Mapping[str, str] = os.environ
) -> Endpoint:
    """``AWS_ENDPOINT_URL_<SERVICE>``, else ``AWS_ENDPOINT_URL``, else the region's own.

    Certificates are checked against ``AWS_CA_BUNDLE`` where it is set.
    """
    url = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL")
    if not url:
        fips = env.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true"
        suffix = _SUFFIXES.get(partition, "amazonaws.com")
        url = f"https://{service}{'-fips' if fips else ''}.{region}.{suffix}"
    return Endpoint.at(url, region, ca_bundle_from(env))


def ca_bundle_from(env: Mapping[str, str] = os.environ) -> str | None:
    """A file of certificates to trust instead of the system's, if one is named."""
    return env.get("AWS_CA_BUNDLE") or None


def credentials_from(env: Mapping[str, str] = os.environ) -> Callable[[], Credentials]:
    """Credentials that Lambda puts into the environment, else those of botocore's chain."""
    access_key, secret_key = env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY")
    if not access_key or not secret_key:
        return provided_by_botocore()
    static = Credentials(access_key, secret_key, env.get("AWS_SESSION_TOKEN") or None)
    return lambda: static
