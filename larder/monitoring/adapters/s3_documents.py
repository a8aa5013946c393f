"""Documents of monitoring in the platform's bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.aws.s3_objects import Objects, split
from larder.monitoring.places import check_place, output_places

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

P = ParamSpec("P")
T = TypeVar("T")


def _translated(call: Callable[P, T]) -> Callable[P, T]:
    @wraps(call)
    def translated(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except (ClientError, BotoCoreError) as error:
            raise refusal("S3 refused a document of monitoring", error, {}) from error

    return translated


@dataclass(frozen=True, slots=True)
class S3Documents:
    """Implements ``larder.monitoring.ports.Documents``.

    ``places`` are addresses below which people's documents are read, each ending in a slash.
    """

    client: S3Client
    bucket: str
    places: tuple[str, ...] = ()

    @_translated
    def read(self, key: str) -> bytes | None:
        """As the port says."""
        return Objects(self.client).read(self.address(key))

    @_translated
    def write(self, key: str, body: bytes) -> None:
        """As the port says."""
        self.client.put_object(
            Bucket=self.bucket, Key=key, Body=body, ContentType="application/json"
        )

    @_translated
    def remove(self, key: str) -> None:
        """As the port says."""
        self.client.delete_object(Bucket=self.bucket, Key=key)

    @_translated
    def _listed(self, folder: str) -> list[str]:
        listed = Objects(self.client).listed(self.address(folder))
        return [address.removeprefix(self.address("")) for address, _ in listed]

    def keys(self, folder: str) -> Iterator[str]:
        """As the port says."""
        return iter(self._listed(folder))

    def address(self, key: str) -> str:
        """As the port says."""
        return f"s3://{self.bucket}/{key}"

    @_translated
    def given(self, address: str) -> bytes | None:
        """As the port says."""
        check_place(address, self.places)
        return Objects(self.client).read(address)

    @_translated
    def put(self, address: str, body: bytes) -> None:
        """As the port says."""
        check_place(address, output_places(self.places))
        bucket, key = split(address)
        self.client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
