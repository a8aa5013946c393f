"""The log of model packages: each change with its time and its author, appended and never changed.

It answers what was so at an instant: which version was approved, and which one was champion. An
entry is stored together with the change that it tells of, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Protocol, TypeVar

import orjson

from larder.models.package_items import ALIAS, Journaled, ModelPackage, PackageGroup
from larder.models.registry_items import Item

Entry = TypeVar("Entry", bound=Item)
_MEMBERS = {
    "InferenceSpecification": "specification",
    "ModelCard": "card",
    "SourceUri": "source",
    "ModelPackageRegistrationType": "registration",
    "AdditionalInferenceSpecifications": "additional",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What changed, such as ``approval`` or ``alias:champion``: from and to, ``None`` if absent."""

    what: str
    before: str | None
    after: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One change of one item, or several that took effect together.

    ``log`` names the log, which all versions of a group share. ``version`` is 0 for the group
    itself, and for a package of no group. ``revision`` is the item's after the change.
    """

    log: str
    at: int
    by: str
    version: int
    revision: int
    changes: tuple[Change, ...]


class LogReader(Protocol):
    """The entries of a log. Raises as ``larder.models.registry.Items`` does."""

    def read(self, log: str, until: int | None = None) -> Iterator[LogEntry]:
        """The entries up to an instant, inclusive, in order of time."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes down what one caller does; ``clock`` gives microseconds since the epoch."""

    clock: Callable[[], int]
    by: str

    def stamped(self, before: Entry, after: Entry) -> Entry:
        """The changed item with time and author; later than the change before, whatever clocks say.

        Items whose changes are not logged stay as they are.
        """
        if not isinstance(after, Journaled):
            return after
        at = max(self.clock(), before.modified + 1)
        return replace(after, changed=at, changed_by=self.by)

    def entries(self, before: Item | None, after: Item | None) -> tuple[LogEntry, ...]:
        """What to append with a change; ``None`` is an item that does not exist."""
        item = after or before
        if not isinstance(item, Journaled):
            return ()
        changes = _changes(_facets(before), _facets(after))
        at = after.modified if after else max(self.clock(), item.modified + 1)
        entry = LogEntry(
            log=log_of(item),
            at=at,
            by=self.by,
            version=item.version if isinstance(item, ModelPackage) else 0,
            revision=(before.revision if before else 0) + 1,
            changes=changes,
        )
        return (entry,) if changes else ()


def log_of(item: Item) -> str:
    """The name of the log that an item's changes are in."""
    if isinstance(item, ModelPackage) and not item.group:
        return f"package/{item.name.lower()}"
    return group_log(item.group if isinstance(item, ModelPackage) else item.name)


def group_log(group: str) -> str:
    """The name of a group's log."""
    return f"group/{group.lower()}"


def states(entries: Iterable[LogEntry]) -> dict[int, dict[str, Change]]:
    """What is so after these entries: by version, and 0 for the group, the last change of each.

    What was removed is left out, and so is a version of which nothing is left.
    """
    found: dict[int, dict[str, Change]] = {}
    for entry in entries:
        known = found.setdefault(entry.version, {})
        for change in entry.changes:
            known[change.what] = change
    kept = {
        version: {what: change for what, change in known.items() if change.after is not None}
        for version, known in found.items()
    }
    return {version: known for version, known in sorted(kept.items()) if known}


_Facets = Mapping[str, tuple[str, str | None]]


def _changes(before: _Facets, after: _Facets) -> tuple[Change, ...]:
    absent = (None, None)
    found = []
    for what in dict.fromkeys((*before, *after)):
        old, new = before.get(what, absent)[0], after.get(what, absent)
        if old != new[0]:
            found.append(Change(what, old, new[0], new[1]))
    return tuple(found)


def _facets(item: Item | None) -> _Facets:
    """What is logged of an item: a text for each thing, with its reason."""
    match item:
        case PackageGroup():
            return dict(_of_group(item))
        case ModelPackage():
            return dict(_of_package(item))
    return {}


def _of_group(group: PackageGroup) -> Iterator[tuple[str, tuple[str, str | None]]]:
    yield "group", ("Completed", None)
    for name, alias in group.aliases.items():
        yield f"alias:{name}", (str(alias.version), alias.reason)
    for key, value in group.tags:
        if not key.startswith(ALIAS):
            yield f"tag:{key}", (value, None)
    if group.policy is not None:
        yield "policy", (_digest(group.policy), None)


def _of_package(package: ModelPackage) -> Iterator[tuple[str, tuple[str, str | None]]]:
    yield "package", (package.status, package.failure)
    if package.approval is not None:
        yield "approval", (package.approval.value, package.reason)
    if package.lifecycle:
        stage, status = package.lifecycle["Stage"], package.lifecycle["StageStatus"]
        described = package.lifecycle.get("StageDescription")
        yield "lifecycle", (f"{stage} {status}", str(described) if described else None)
    for key, value in package.metadata.items():
        yield f"metadata:{key}", (value, None)
    for key, value in package.tags:
        yield f"tag:{key}", (value, None)
    for member, what in _MEMBERS.items():
        if member in package.sent:
            yield what, (_digest(package.sent[member]), None)


def _digest(value: object) -> str:
    if isinstance(value, str) and len(value) <= 64:
        return value
    return f"sha256:{sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()}"
