"""What reconciliation needs of the world: its ports, and the values that pass through them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from larder.groups.feature_group import FeatureGroup
from larder.reconciliation.judge import Newest
from larder.records.ports import Write

Place = tuple[int, str]
"""Where a record is among its group's: its shard, and its sort key there."""


class NewestFiles(Protocol):
    """Results of the query for the newest versions of the history, below one root."""

    def location(self, group: FeatureGroup, name: str) -> str:
        """The address of an empty folder for a group's results; it ends with a slash."""

    def ordered(
        self, group: FeatureGroup, location: str, shards: Collection[int]
    ) -> AbstractContextManager[Iterator[tuple[Place, Newest]]]:
        """The rows there that belong to these shards, in the order of their places."""

    def remove(self, location: str) -> None:
        """Delete what lies there."""


class StreamChanges(Protocol):
    """Versions in the form in which the offline writer gets them."""

    def __call__(self, writes: Sequence[Write]) -> Sequence[Mapping[str, Any]]:
        """The change of each version, as the stream would have delivered it."""
