"""Lists of models, endpoint configurations and endpoints: what is asked for, page by page.

All items of the kind are read for a page, and sorted here: there are hundreds, not millions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from larder.groups.listing import SEPARATOR, Ask, Page, moment, take
from larder.models.registry_items import Item, key_of

Entry = TypeVar("Entry", bound=Item)


class ItemOrder(StrEnum):
    """Orders of a list; ties go by name."""

    NAME = "Name"
    CREATED = "CreationTime"
    STATUS = "Status"

    def place(self, item: Item) -> str:
        """The text by which an item is sorted."""
        name = key_of(item.name)
        match self:
            case ItemOrder.NAME:
                return name
            case ItemOrder.CREATED:
                return f"{moment(item.created)}{SEPARATOR}{name}"
            case ItemOrder.STATUS:
                return f"{item.status}{SEPARATOR}{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCriteria:
    """Which items are asked for; ``None`` asks for all.

    Times are seconds since the epoch, compared at the milliseconds that the API shows; the very
    instant is neither before nor after. Names are compared whatever their case.
    """

    name_contains: str | None = None
    status: str | None = None
    created_after: float | None = None
    created_before: float | None = None
    modified_after: float | None = None
    modified_before: float | None = None

    def admits(self, item: Item) -> bool:
        """Whether an item is asked for."""
        part = self.name_contains
        return (
            (part is None or part.lower() in item.name.lower())
            and self.status in (None, item.status)
            and self.admits_times(item.created, item.modified)
        )

    def admits_times(self, created: int, modified: int) -> bool:
        """Whether what was made and changed then is asked for; microseconds since the epoch."""
        return _within(created, self.created_after, self.created_before) and _within(
            modified, self.modified_after, self.modified_before
        )


def page_of(
    items: Iterable[Entry], by: ItemOrder, ask: Ask, admits: Callable[[Entry], bool]
) -> Page[Entry]:
    """A page of the admitted items.

    Raises:
        ValidationError: the token is not one of this order.
    """
    position, descending = ask.position(), ask.order.descending
    after = position.after
    placed = sorted(
        ((by.place(item), item) for item in items), key=lambda each: each[0], reverse=descending
    )
    rest = (
        each
        for each in placed
        if after is None or (each[0] < after if descending else each[0] > after)
    )
    return take(rest, admits, ask, position)


def _within(micros: int, after: float | None, before: float | None) -> bool:
    seconds = micros // 1000 / 1000
    return (after is None or seconds > after) and (before is None or seconds < before)
