"""Who calls, and with whose rights a statement reads and writes.

As in Athena, a statement has the rights of the principal who started it: on the workgroup, and
then on the Glue catalog and on S3. The plain platform verifies nothing: everybody is the root user.
On the strict platform the emulator verifies each request and answers with temporary credentials of
the caller (``local.emulator.forward_access``). Glue and S3 then refuse by themselves what the
caller may not do, statement by statement and object by object.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Protocol

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

from local.athena.errors import RequestRefused
from local.athena.tables.cloud import Cloud

_PATH = "/_larder/forward-access"
_DENIED = (
    "You are not authorized to perform: athena:{operation} on the resource. After your AWS "
    "administrator or you have updated your permissions, please try again."
)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came, which is what its signature covers."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass
class NotAuthenticated(Exception):
    """The caller's credentials were not taken; the answer is AWS's own."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Callers(Protocol):
    """Decides who may call an operation, and with what rights it is done."""

    def admit(self, received: Received, operation: str, workgroups: Sequence[str]) -> Cloud:
        """The cloud as the caller may use it.

        Raises:
            NotAuthenticated: the signature or its key is wrong.
            RequestRefused: IAM does not allow the operation on one of the workgroups.
        """


class RootUser:
    """Takes everybody for the root user, whose credentials this process has."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def admit(self, _received: Received, _operation: str, _workgroups: Sequence[str]) -> Cloud:
        """This process's own rights."""
        return self._cloud


class VerifiedCallers:
    """Has every request verified by the emulator."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._credentials = Credentials(cloud.access_key, cloud.secret_key)
        trust: Any = cloud.ca_bundle or True  # a path too, which its type leaves out
        self._http = URLLib3Session(verify=trust)

    def admit(self, received: Received, operation: str, workgroups: Sequence[str]) -> Cloud:
        """The cloud with the caller's credentials."""
        found = self._ask(received, operation, [f"workgroup/{name}" for name in workgroups])
        if failed := found.get("failed"):
            raise NotAuthenticated(failed["status"], failed["headers"], failed["body"].encode())
        if found.get("denied"):
            text = _DENIED.format(operation=operation)
            raise RequestRefused(text, kind="AccessDeniedException", code="")
        return replace(self._cloud, **found["session"])

    def _ask(
        self, received: Received, operation: str, resources: Sequence[str]
    ) -> Mapping[str, Any]:
        asked = {
            "method": received.method,
            "path": received.path,
            "query": received.query,
            "headers": list(received.headers),
            "body": base64.b64encode(received.body).decode(),
            "service": "athena",
            "operation": operation,
            "resources": list(resources),
        }
        body = json.dumps(asked).encode()
        request = AWSRequest("POST", f"{self._cloud.endpoint}{_PATH}", data=body)
        SigV4Auth(self._credentials, "athena", self._cloud.region).add_auth(request)
        try:
            answer = self._http.send(request.prepare())
        except HTTPClientError as error:
            raise _unreachable(f"it did not answer: {error}") from None
        if answer.status_code != HTTPStatus.OK:
            raise _unreachable(f"it answered {answer.status_code}: {answer.text[:200]}")
        document: Mapping[str, Any] = json.loads(answer.content)
        return document


def _unreachable(why: str) -> RequestRefused:
    text = f"the emulator can't verify the caller: {why}"
    return RequestRefused(text, kind="InternalServerException", code="")
