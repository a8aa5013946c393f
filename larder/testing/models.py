"""The registry of models in a process's own memory: for tests, and a model of what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Lock
from typing import Generic, TypeVar

from larder.errors import ResourceInUse
from larder.models.package_items import ModelPackage, PackageGroup
from larder.models.package_log import LogEntry
from larder.models.registry import ModelRegistry
from larder.models.registry_items import Endpoint, EndpointConfig, Item, Kind, Model, key_of
from larder.telemetry.newer import Unread, warn_of

Entry = TypeVar("Entry", bound=Item)


class MemoryLog:
    """Implements ``larder.models.package_log.LogReader``; ``append`` is called with a change."""

    def __init__(self) -> None:
        self._entries: list[LogEntry] = []

    def append(self, entries: tuple[LogEntry, ...]) -> None:
        """Add entries."""
        self._entries.extend(entries)

    def read(self, log: str, until: int | None = None) -> Iterator[LogEntry]:
        found = (
            each
            for each in self._entries
            if each.log == log and (until is None or each.at <= until)
        )
        return iter(sorted(found, key=lambda each: (each.at, each.version, each.revision)))


class MemoryItems(Generic[Entry]):
    """Items of one kind in a dictionary."""

    def __init__(self, kind: Kind, log: MemoryLog) -> None:
        self.kind = kind
        self._by_key: dict[str, Entry] = {}
        self._log = log
        self._lock = Lock()

    def get(self, name: str) -> Entry | None:
        return self._by_key.get(key_of(name))

    def create(self, item: Entry, entries: tuple[LogEntry, ...] = ()) -> None:
        with self._lock:
            if self.get(item.name) is not None or self._is_repeated(item):
                raise ResourceInUse(f"The name {item.name} is taken.")
            self._by_key[key_of(item.name)] = item
            self._log.append(entries)

    def replace(self, item: Entry, entries: tuple[LogEntry, ...] = ()) -> Entry:
        with self._lock:
            stored = self.get(item.name)
            if stored is None or (stored.uid, stored.revision) != (item.uid, item.revision):
                raise ResourceInUse(f"{item.name} was changed or removed by somebody else.")
            changed = replace(item, revision=item.revision + 1)
            self._by_key[key_of(item.name)] = changed
            self._log.append(entries)
            return changed

    def remove(self, item: Entry, entries: tuple[LogEntry, ...] = ()) -> None:
        with self._lock:
            stored = self.get(item.name)
            if stored is not None and stored.uid == item.uid:
                del self._by_key[key_of(item.name)]
                self._log.append(entries)

    def list(self, under: str = "", unread: Unread = warn_of) -> Iterator[Entry]:  # noqa: ARG002
        keys = sorted(key for key in self._by_key if key.startswith(under.lower()))
        return iter([self._by_key[key] for key in keys])

    def _is_repeated(self, item: Entry) -> bool:
        token = item.token if isinstance(item, ModelPackage) else ""
        return bool(token) and any(
            isinstance(each, ModelPackage) and each.token == token for each in self._by_key.values()
        )


class MemoryVersions:
    """Implements ``larder.models.registry.Versions``."""

    def __init__(self, packages: MemoryItems[ModelPackage]) -> None:
        self._packages = packages
        self._given: dict[str, int] = {}
        self._lock = Lock()

    def next(self, group: str) -> int:
        with self._lock:
            given = self._given[group.lower()] = self._given.get(group.lower(), 0) + 1
        return given

    def by_token(self, token: str) -> str | None:
        return next((each.name for each in self._packages.list() if each.token == token), None)


def memory_model_registry() -> ModelRegistry:
    """A registry without any item yet."""
    log = MemoryLog()
    packages = MemoryItems[ModelPackage](Kind.PACKAGE, log)
    return ModelRegistry(
        models=MemoryItems[Model](Kind.MODEL, log),
        configs=MemoryItems[EndpointConfig](Kind.ENDPOINT_CONFIG, log),
        endpoints=MemoryItems[Endpoint](Kind.ENDPOINT, log),
        groups=MemoryItems[PackageGroup](Kind.PACKAGE_GROUP, log),
        packages=packages,
        versions=MemoryVersions(packages),
        log=log,
    )
