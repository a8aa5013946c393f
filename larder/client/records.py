"""Records read and written in the stores themselves, with the caller's IAM rights.

The runtime function and this client are the same code. A call saves the way through API Gateway and
Lambda, and its price. It is for services in the platform's account.

    with larder.connect("dev") as platform:
        platform.records.put("customers", {"id": "ada", "at": datetime.now(UTC), "clicks": 3})
        platform.records.get("customers", "ada", ["clicks"])  # {"clicks": 3}
"""

from __future__ import annotations

from typing import Any

from larder.client.process_plane import ProcessPlane
from larder.client.reading import RecordReads
from larder.client.writing import RecordWrites
from larder.extras import needs
from larder.records.ports import Consistency
from larder.wiring.data_plane import leading_keys


class RecordsClient(RecordReads, RecordWrites):
    """A platform's records. Threads may share a client; a forked process opens stores of its own.

    Every method raises ``ResourceNotFound`` where there is no such group, and ``ValidationError``
    where a value does not fit. It raises ``ThrottlingException`` where the store refused for load,
    and ``ServiceUnavailable`` where it did not answer. It raises ``AccessForbidden`` where the
    platform's ``caller`` lacks a grant.
    """

    def __init__(self, plane: ProcessPlane, region: str) -> None:
        self._plane = plane
        self._region = region

    def close(self) -> None:
        """Close the connections that no thread is using; a later call opens new ones."""
        self._plane.close()

    def as_boto3(self, *, consistency: str = Consistency.DEFAULT) -> Any:  # noqa: ANN401 - as boto3
        """The same records by boto3's client of ``sagemaker-featurestore-runtime``.

        Operations, parameters, answers, errors and paginators are boto3's own. No request is
        signed or sent, so boto3's events around a request do not happen.
        """
        with needs("aws", "as_boto3"):
            from larder.client.boto3_client import boto3_client  # noqa: PLC0415 - optional

        return boto3_client(self._plane, self._region, Consistency.named(consistency))

    def leading_keys(self, group: str) -> list[str]:
        """The values of ``dynamodb:LeadingKeys`` in an IAM policy that allows this group alone.

        A group that is created again under its name has others.
        """
        return leading_keys(self._plane.current, group)
