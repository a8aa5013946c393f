"""Model packages and their groups: the versions of a model, and which one was approved.

A package of a group is a version: 1, 2, 3 and so on, never given twice. Its name is
``<group>/<version>``, and the group's grants count for it. A package without a group has a name of
its own. Times are microseconds since the epoch, principals are ARNs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self

from larder.access.grants import Grants
from larder.errors import ConflictException
from larder.groups.reserved_tags import granted_by
from larder.models.registry_items import Item, Sent, Tags
from larder.models.served import ServedModel

ALIAS: Final = "larder:alias:"
"""A group's tag ``larder:alias:champion`` says which version is its champion."""
ALIAS_NAME: Final = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", re.ASCII)
_ALIAS_VALUE: Final = re.compile(r"([0-9]{1,9})(?: from ([0-9]{1,9}|none))?(?:: (.*))?", re.DOTALL)


class Approval(StrEnum):
    """Whether a package may be deployed."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    PENDING = "PendingManualApproval"


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias of a version. ``expected`` is what the alias must be before: ``none`` or a number.

    ``None`` expects nothing.
    """

    version: int
    expected: str | None = None
    reason: str | None = None

    @classmethod
    def parse(cls, value: str) -> Alias | None:
        """The alias of a tag's value: ``5``, ``5: it won``, ``5 from 3: it won``; else ``None``."""
        match = _ALIAS_VALUE.fullmatch(value)
        return cls(int(match[1]), match[2], match[3] or None) if match else None

    @property
    def asked(self) -> str:
        """The value of a tag that asks for it, as ``parse`` reads it."""
        condition = f" from {self.expected}" if self.expected is not None else ""
        return f"{self.version}{condition}{f': {self.reason}' if self.reason else ''}"

    def __str__(self) -> str:
        """The value of the tag that is kept: an expectation is met once."""
        return f"{self.version}: {self.reason}" if self.reason else str(self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journaled(Item):
    """An item whose changes are logged. ``sent`` are members that a description shows again."""

    sent: Sent
    created_by: str
    changed: int
    changed_by: str

    @property
    def modified(self) -> int:
        """When it was last changed."""
        return self.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageGroup(Journaled):
    """A group. ``policy`` is stored and shown, and grants nothing.

    While ``deleting`` it takes no new versions.
    """

    policy: str | None = None
    deleting: bool = False

    @property
    def status(self) -> str:
        """Its status in SageMaker's words."""
        return "Deleting" if self.deleting else "Completed"

    @property
    def aliases(self) -> dict[str, Alias]:
        """The aliases by their names."""
        return aliases_in(self.tags)

    def with_tags(self, tags: Tags) -> Self:
        """The same with other tags, where the aliases in them are what their movers expected.

        Raises:
            ConflictException: an alias was moved meanwhile.
        """
        before = self.aliases
        for name, alias in aliases_in(tags).items():
            stored = before.get(name)
            now = str(stored.version) if stored else "none"
            if alias.expected not in (None, now):
                raise ConflictException(
                    f"The alias {name} of {self.name} is {now} and not {alias.expected}, as was "
                    "expected: somebody moved it. Look at it again, and then move it."
                )
        return replace(self, tags=tuple((key, _kept(key, value)) for key, value in tags))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPackage(Journaled):
    """A package: ``group`` and ``version`` are empty and 0 where it is of no group.

    Attributes:
        approval: ``None`` where a package of no group was given none.
        reason: what was said with the last approval or rejection.
        metadata: the customer's own.
        lifecycle: SageMaker's ModelLifeCycle, or empty.
        image: that of its container; empty without an inference specification.
        served: its model as taken in; ``None`` without one, or where ``failure`` says why.
        specified_by: who gave its inference specification.
        token: the ClientToken of its creation, and ``digest`` that of the request.
        guard: the group's tags, whose grants count. They are not stored with it.
    """

    group: str = ""
    version: int = 0
    approval: Approval | None = None
    reason: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Sent = field(default_factory=dict)
    image: str = ""
    served: ServedModel | None = None
    failure: str | None = None
    specified_by: str = ""
    token: str = ""
    digest: str = ""
    guard: Tags = field(default=(), compare=False)

    @property
    def grants(self) -> Grants:
        """What its group's tags grant, or its own where it is of no group."""
        return granted_by(self.guard if self.group else self.tags)

    @property
    def status(self) -> str:
        """Its status in SageMaker's words."""
        return "Completed" if self.failure is None else "Failed"


def aliases_in(tags: Tags) -> dict[str, Alias]:
    """The aliases that tags give, by their names."""
    found = {
        key.removeprefix(ALIAS): Alias.parse(value) for key, value in tags if key.startswith(ALIAS)
    }
    return {name: alias for name, alias in found.items() if alias is not None}


def _kept(key: str, value: str) -> str:
    alias = Alias.parse(value) if key.startswith(ALIAS) else None
    return str(alias) if alias else value
