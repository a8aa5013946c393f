"""Which models that endpoints serve read a feature group: what they read is not taken from them.

A model that no endpoint serves holds nothing: it is data in a registry, and answers no one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.errors import ResourceInUse
from larder.groups.feature_group import FeatureGroup

_NAMED = 10
"""Readers that a message names; it counts the others."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A model that an endpoint serves, and the features that it reads of one group.

    ``features`` is ``None`` where only a newer release can tell them: then it may be any.
    """

    endpoint: str
    model: str
    features: frozenset[str] | None

    def reads(self, names: Collection[str]) -> bool:
        """Whether it reads one of the features, as far as is known."""
        return self.features is None or not self.features.isdisjoint(names)

    def __str__(self) -> str:
        """As a message names it."""
        named = ", ".join(sorted(self.features or ()))
        what = f" ({named})" if named else ""
        return f"model {self.model} of endpoint {self.endpoint}{what}"


class Readers(Protocol):
    """The models that endpoints serve."""

    def of(self, uid: str) -> Sequence[Reader]:
        """Those that read the group of that identity, by endpoint and model.

        A read is strongly consistent. Raises ``ThrottlingException`` and ``ServiceUnavailable``.
        """


class NoReaders:
    """Implements ``Readers`` where no models are served."""

    def of(self, _uid: str) -> Sequence[Reader]:
        """None."""
        return ()


NO_READERS = NoReaders()


def read_problem(
    readers: Readers, group: FeatureGroup, deed: str, features: Collection[str] | None = None
) -> str | None:
    """Why a group, or ``features`` of it, can't be ``deed`` (deleted, removed): who reads them."""
    reading = [each for each in readers.of(group.uid) if features is None or each.reads(features)]
    if not reading:
        return None
    more = f" and {len(reading) - _NAMED} more" if len(reading) > _NAMED else ""
    named = "; ".join(map(str, sorted(reading, key=str)[:_NAMED]))
    subject = f"FeatureGroup {group.name}"
    if features is not None:
        subject = f"{', '.join(sorted(features))} of {subject}"
    return (
        f"{subject} can't be {deed}: endpoints in service read it: {named}{more}. UpdateEndpoint "
        "to a configuration whose models do not read it, or DeleteEndpoint, and try again."
    )


def refuse_read(
    readers: Readers, group: FeatureGroup, deed: str, features: Collection[str] | None = None
) -> None:
    """Raise ``ResourceInUse`` where ``read_problem`` has a reason."""
    problem = read_problem(readers, group, deed, features)
    if problem is not None:
        raise ResourceInUse(problem)
