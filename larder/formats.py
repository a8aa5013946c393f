"""Forms of what one release of Larder stores and another one reads.

While a platform is upgraded, functions of two releases read each other's items. Two rules keep
that safe (decision 0192):

* A newer release may add members and attributes. A reader passes over those that it does not know.
  An item that is written again keeps them.
* What an older reader would take for something else gets a new number. An item that has none is of
  format 1. A reader refuses a greater number than its own, for that item alone.

Each format has fixtures in ``tests/fixtures/formats/<name>``, written by the release that began it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, TypeVar

from larder.errors import NewerFormat

E = TypeVar("E", bound=Enum)
MEMBER = "format"
"""The member of a JSON document that has its format's number."""
_TEXT = "format="
_CURE = "A newer release of Larder wrote it: upgrade this function or program."


@dataclass(frozen=True, slots=True)
class Format:
    """A stored form; ``newest`` is the greatest number that is read, and the one written."""

    name: str
    newest: int = 1

    def check(self, item: str, number: object) -> None:
        """Refuse an item of a greater number; ``None`` is 1. ``item`` names it in the message.

        Raises:
            NewerFormat: the number is greater than the newest known one.
            ValueError: it is no number.
        """
        if number is None:
            return
        found = int(str(number))
        if found > self.newest:
            raise NewerFormat(
                f"{item} is of format {found} of {self.name!r}, this release knows up to "
                f"{self.newest}. {_CURE}"
            )

    def check_text(self, item: str, text: str) -> None:
        """The same for a text, which begins with ``format=<number>;`` from number 2 on."""
        if text.startswith(_TEXT):
            self.check(item, text.removeprefix(_TEXT).partition(";")[0])

    def value(self, item: str, kind: type[E], given: object) -> E:
        """A value of a list of names that newer releases may add to.

        Raises:
            NewerFormat: this release does not know it.
        """
        try:
            return kind(given)
        except ValueError as error:
            raise NewerFormat(
                f"{item} has the {kind.__name__} {given!r}, which format {self.newest} of "
                f"{self.name!r} does not have. {_CURE}"
            ) from error


def known_members(kind: type[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a document that are fields of a dataclass."""
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in document.items() if name in names}


def carried(
    before: Mapping[str, Any], after: Mapping[str, Any], known: frozenset[str]
) -> dict[str, Any]:
    """A document to be written, with the members of the stored one that this release does not know.

    ``known`` are those it knows, written or not.
    """
    unknown = {name: value for name, value in before.items() if name not in known}
    return {**unknown, **after}
