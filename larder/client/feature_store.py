"""The direct door: records read and written in the stores themselves, by the caller's IAM rights.

What the runtime function does, this does by the same code; a call saves the way through API Gateway
and Lambda, and its price. For services in the platform's account.

    with FeatureStore.connect("dev") as store:
        store.put("customers", {"id": "ada", "at": datetime.now(UTC), "clicks": 3})
        store.get("customers", "ada", ["clicks"])  # {"clicks": 3}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from larder.client.process_plane import ProcessPlane
from larder.client.reading import ReadingDoor
from larder.client.writing import WritingDoor
from larder.records.adapters.dynamodb_item import partition_patterns
from larder.records.ports import Consistency
from larder.settings.runtime import RuntimeSettings
from larder.wiring.data_plane import DataPlane, open_data_plane


class FeatureStore(ReadingDoor, WritingDoor):
    """A deployed platform's records. Threads may share one; a forked process gets its own stores.

    Every method raises ``ResourceNotFound`` where there is no such group, ``ValidationError`` where
    a value does not fit, ``ThrottlingException`` and ``ServiceUnavailable`` where the store refused
    for load or did not answer, ``AccessForbidden`` where ``caller`` lacks a grant.
    """

    def __init__(
        self,
        settings: RuntimeSettings,
        *,
        caller: str | None = None,
        open_plane: Callable[[RuntimeSettings], DataPlane] = open_data_plane,
    ) -> None:
        """Open the stores that the settings name, with the credentials of this process.

        ``caller`` is the ARN of a principal on whose behalf all is done: the groups' grants are
        asked for it, as the runtime function asks them. Without one no grants are asked: IAM's
        rights on the tables are the only fence (``docs/access.md``).

        Raises:
            ConfigurationError: there are no credentials, or a setting is malformed.
        """
        self._region = settings.region
        self._plane = ProcessPlane(lambda: open_plane(settings), caller)

    @classmethod
    def connect(cls, stage: str, *, caller: str | None = None) -> Self:
        """The platform of a stage (``"dev"``), by what its stacks published in SSM.

        Raises:
            ConfigurationError: the parameter can't be read; otherwise as the constructor.
        """
        from larder.client.platform_settings import published_settings  # noqa: PLC0415 - boto3

        return cls(published_settings(stage), caller=caller)

    @classmethod
    def from_environment(cls, *, caller: str | None = None) -> Self:
        """The platform of the variables ``LARDER_REGISTRY_TABLE`` and so on (``make env``).

        Raises:
            ConfigurationError: variables are missing; all of them are named.
        """
        return cls(RuntimeSettings.from_env(), caller=caller)

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections that no thread is using; a later call opens new ones."""
        self._plane.close()

    def as_boto3(self, *, consistency: str = Consistency.DEFAULT) -> Any:  # noqa: ANN401 - as boto3
        """The same door as boto3's client of ``sagemaker-featurestore-runtime``.

        Operations, parameters, answers, errors and paginators are boto3's own; no request is
        signed or sent, so boto3's events around a request do not happen.
        """
        from larder.client.boto3_door import boto3_client  # noqa: PLC0415 - boto3

        return boto3_client(self._plane, self._region, Consistency.named(consistency))

    def leading_keys(self, group: str) -> list[str]:
        """What ``dynamodb:LeadingKeys`` is like in an IAM policy that allows this group alone.

        A group that is made anew under its name has others.
        """
        return partition_patterns(self._plane.current.reader.groups.get(group).uid)
