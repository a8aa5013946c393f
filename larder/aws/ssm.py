"""GetParameter of Systems Manager, by the standard library alone.

The records client finds its platform by one parameter. With this it needs no boto3, as the rest of
its way to DynamoDB needs none.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import orjson

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.environment import ca_bundle_from, credentials_from
from larder.aws.signed_http import Asked, signed
from larder.aws.sigv4 import ScopedKey, moment_of
from larder.errors import ConfigurationError

_TYPE = "application/x-amz-json-1.1"
_TARGET = "AmazonSSM.GetParameter"
_TIMEOUT_SECONDS = 10.0


class ParameterUnread(Exception):
    """A parameter was not read; the text says why."""


def region_from(env: Mapping[str, str] = os.environ) -> str:
    """The region of this process: ``AWS_DEFAULT_REGION``, the profile's, or ``AWS_REGION``.

    Raises:
        ConfigurationError: none of them is set.
    """
    region = env.get("AWS_DEFAULT_REGION") or _profile_region() or env.get("AWS_REGION")
    if not region:
        raise ConfigurationError(
            "No AWS region: set AWS_DEFAULT_REGION, or region in the profile of your AWS config."
        )
    return region


def _profile_region() -> str | None:
    try:
        from botocore.session import Session  # noqa: PLC0415 - optional, and slow to import
    except ModuleNotFoundError:
        return None
    region: str | None = Session().get_config_variable("region")
    return region


def read_parameter(name: str, region: str, env: Mapping[str, str] = os.environ) -> str:
    """The value of a parameter, read with the credentials of this process.

    Raises:
        ParameterUnread: there is no such parameter, it may not be read, or nothing answered.
        ConfigurationError: there are no credentials.
    """
    url, body = _endpoint(region, env), orjson.dumps({"Name": name})
    headers = signed_headers(url, region, body, credentials_from(env)())
    context = None
    if url.startswith("https:"):
        context = ssl.create_default_context(cafile=ca_bundle_from(env))
    try:
        request = Request(url, body, headers, method="POST")  # noqa: S310 - AWS, or as configured
        with urlopen(request, timeout=_TIMEOUT_SECONDS, context=context) as answer:  # noqa: S310
            members: dict[str, Any] = orjson.loads(answer.read())
            return str(members["Parameter"]["Value"])
    except HTTPError as error:
        raise ParameterUnread(_reason(error)) from error
    except (URLError, OSError) as error:
        raise ParameterUnread(f"{url} did not answer: {getattr(error, 'reason', error)}") from error
    except (orjson.JSONDecodeError, KeyError) as error:
        raise ParameterUnread(f"{url} gave no answer of Systems Manager") from error


def signed_headers(
    url: str,
    region: str,
    body: bytes,
    who: Credentials,
    clock: Callable[[], float] = time.time,
) -> dict[str, str]:
    """The headers of a GetParameter request to ``url``, its signature included."""
    headers = {"content-type": _TYPE, "host": urlsplit(url).netloc, "x-amz-target": _TARGET}
    key = ScopedKey(region, "ssm")
    return signed(key, Asked("POST", "/", headers, body), who, moment_of(clock()))


def _endpoint(region: str, env: Mapping[str, str]) -> str:
    url = env.get("AWS_ENDPOINT_URL_SSM") or env.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return (url or f"https://ssm.{region}.{suffix}").rstrip("/") + "/"


def _reason(error: HTTPError) -> str:
    try:
        members = orjson.loads(error.read())
        code = str(members.get("__type", "")).rpartition("#")[2]
        text = members.get("message") or members.get("Message") or ""
    except (orjson.JSONDecodeError, AttributeError, OSError):
        code, text = "", ""
    return f"{code or f'HTTP {error.code}'} {text}".strip(" .")
