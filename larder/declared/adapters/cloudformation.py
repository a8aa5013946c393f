"""Answers to CloudFormation's events of a custom resource, at the address that it gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from ssl import SSLContext
from typing import Any
from urllib.request import Request, urlopen

import orjson

from larder.aws.retries import Retries

_PHYSICAL_ID = "larder-feature-groups"
_LONGEST_REASON = 2000  # of 4,096 bytes of answer; a character takes up to six of them in JSON
_TRY_SECONDS = 5.0
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class CloudFormationAnswers:
    """Answers events; ``retries`` is how often a try that was not taken is repeated."""

    tls: SSLContext
    retries: Retries = field(default_factory=lambda: Retries(base=0.5, longest=4.0))

    def send(self, event: Mapping[str, Any], status: str, reason: str, groups: int) -> None:
        """Answer, within 20 seconds and the time that the last try takes.

        Raises:
            OSError, HTTPException: no try was taken.
        """
        # the address is CloudFormation's own; it is signed for an empty content type
        request = Request(  # noqa: S310
            event["ResponseURL"],
            data=_body(event, status, reason, groups),
            headers={"content-type": ""},
            method="PUT",
        )
        attempt = self.retries.begin(_SECONDS)
        while True:
            try:
                with urlopen(request, timeout=_TRY_SECONDS, context=self.tls):  # noqa: S310
                    return
            except (OSError, HTTPException):
                if not attempt.again():
                    raise


def _body(event: Mapping[str, Any], status: str, reason: str, groups: int) -> bytes:
    return orjson.dumps(
        {
            "Status": status,
            "Reason": reason[:_LONGEST_REASON].encode("ascii", "replace").decode(),
            "PhysicalResourceId": event.get("PhysicalResourceId", _PHYSICAL_ID),
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "Data": {"Groups": groups},
        }
    )
