"""The registry of models in a process's own memory: for tests, and a model of what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Generic, TypeVar

from larder.errors import ResourceInUse
from larder.models.registry import ModelRegistry
from larder.models.registry_items import Endpoint, EndpointConfig, Item, Kind, Model

Entry = TypeVar("Entry", bound=Item)


class MemoryItems(Generic[Entry]):
    """Items of one kind in a dictionary."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._by_name: dict[str, Entry] = {}

    def get(self, name: str) -> Entry | None:
        return self._by_name.get(name.lower())

    def create(self, item: Entry) -> None:
        if self.get(item.name) is not None:
            raise ResourceInUse(f"The name {item.name} is taken.")
        self._by_name[item.name.lower()] = item

    def replace(self, item: Entry) -> Entry:
        stored = self.get(item.name)
        if stored is None or (stored.uid, stored.revision) != (item.uid, item.revision):
            raise ResourceInUse(f"{item.name} was changed or removed by somebody else.")
        changed = replace(item, revision=item.revision + 1)
        self._by_name[item.name.lower()] = changed
        return changed

    def remove(self, item: Entry) -> None:
        stored = self.get(item.name)
        if stored is not None and stored.uid == item.uid:
            del self._by_name[item.name.lower()]

    def list(self) -> Iterator[Entry]:
        return iter([self._by_name[name] for name in sorted(self._by_name)])


def memory_model_registry() -> ModelRegistry:
    """A registry without any item yet."""
    return ModelRegistry(
        models=MemoryItems[Model](Kind.MODEL),
        configs=MemoryItems[EndpointConfig](Kind.ENDPOINT_CONFIG),
        endpoints=MemoryItems[Endpoint](Kind.ENDPOINT),
    )
