"""Operations of SageMaker that Larder has not, done by SageMaker itself on the function's behalf.

The request is signed again with the function's own role. So what callers reach by this is what that
role may do, not what they may.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import SSLContext, create_default_context
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from larder.errors import ConfigurationError, ServiceUnavailable
from larder.wire.errors import Response
from larder.wire.http import Request

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_SERVICE = "sagemaker"
_PASSED_ON = ("content-type", "x-amz-target")
_HANDED_BACK = ("content-type", "x-amzn-errortype", "x-amzn-requestid")
_TIMEOUT_SECONDS = 20.0
"""Below the function's own 25 seconds, so that a silent endpoint is reported as such."""


@dataclass(frozen=True, slots=True)
class SageMakerForwarder:
    """Sends requests on to ``endpoint`` and hands back its answers as they are."""

    endpoint: str
    region: str
    credentials: Credentials
    tls: SSLContext
    timeout: float = _TIMEOUT_SECONDS

    def __call__(self, request: Request) -> Response:
        """The endpoint's answer, an error included.

        Raises:
            ServiceUnavailable: it gave none.
        """
        url = f"{self.endpoint.rstrip('/')}/"
        headers = self._signed_headers(url, request)
        connection = self._connection()
        try:
            connection.request("POST", urlsplit(url).path, request.body, headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            raise ServiceUnavailable(
                f"SageMaker did not answer at {self.endpoint}: {error}; try again."
            ) from error
        finally:
            connection.close()
        return {
            "statusCode": answer.status,
            "headers": {
                name: answer.headers[name] for name in _HANDED_BACK if name in answer.headers
            },
            "body": body.decode("utf-8", "replace"),
        }

    def _signed_headers(self, url: str, request: Request) -> dict[str, str]:
        passed = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        signed = AWSRequest(method="POST", url=url, data=request.body, headers=passed)
        SigV4Auth(self.credentials, _SERVICE, self.region).add_auth(signed)
        return dict(signed.headers.items())

    def _connection(self) -> HTTPConnection:
        url = urlsplit(self.endpoint)
        if url.scheme == "https":
            return HTTPSConnection(url.netloc, timeout=self.timeout, context=self.tls)
        return HTTPConnection(url.netloc, timeout=self.timeout)


def open_forwarder(endpoint: str, region: str) -> SageMakerForwarder | None:
    """The forwarder with the process's own credentials; ``None`` where no endpoint is given.

    Raises:
        ConfigurationError: the process has no credentials.
    """
    if not endpoint:
        return None
    session = botocore.session.get_session()
    credentials = session.get_credentials()
    if credentials is None:
        raise ConfigurationError(f"There are no credentials to sign requests to {endpoint} with.")
    authority = session.get_config_variable("ca_bundle")
    return SageMakerForwarder(
        endpoint, region, credentials, create_default_context(cafile=authority)
    )
