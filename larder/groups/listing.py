"""Pages of feature groups: sorted, cut, and continued where the last page ended.

A token holds the place of the page's last entry in the order, so entries that come or go between
two pages neither repeat others nor hide them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup

SortKey = str | int
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of entries; ``name`` says which, so a token can't continue another."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """Some entries, the token that continues after them, and how many there are in all."""

    entries: list[Entry]
    next_token: str | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Which groups ListFeatureGroups is asked for; ``None`` asks for all.

    Creation times are seconds since the epoch, compared at the milliseconds that the API shows;
    groups created at the very instant are neither after nor before it.
    """

    name_contains: str | None = None
    status: str | None = None
    offline_status: str | None = None
    created_after: float | None = None
    created_before: float | None = None

    def admits(self, group: FeatureGroup) -> bool:
        """Whether a group is asked for."""
        created = group.creation_time // 1000 / 1000
        return (
            (self.name_contains is None or self.name_contains in group.name)
            and self.status in (None, group.status.value)
            and self.offline_status in (None, offline_status(group))
            and (self.created_after is None or created > self.created_after)
            and (self.created_before is None or created < self.created_before)
        )


def offline_status(group: FeatureGroup) -> str:
    """SageMaker's OfflineStoreStatus; of a group without an offline store, ``Disabled``."""
    return group.offline.status if group.offline else "Disabled"


SORT_KEYS: dict[str, Callable[[FeatureGroup], SortKey]] = {
    "Name": lambda group: group.name,
    "FeatureGroupStatus": lambda group: group.status.value,
    "OfflineStoreStatus": offline_status,
    "CreationTime": lambda group: group.creation_time,
}


def cut(
    entries: Iterable[tuple[SortKey, str, Entry]], order: Order, *, size: int, token: str | None
) -> Page[Entry]:
    """One page of entries, which are given with their sort key and a name that is theirs alone.

    Raises:
        ValidationError: the token is not one of this order.
    """
    ranked = sorted(entries, key=lambda entry: entry[:2], reverse=order.descending)
    start = 0
    if token is not None:
        place = _read_token(token, order)
        if ranked and type(ranked[0][0]) is not type(place[0]):
            raise _bad_token()
        start = sum(1 for entry in ranked if not _is_after(entry[:2], place, order))
    shown = ranked[start : start + size]
    more = start + size < len(ranked)
    next_token = _write_token(shown[-1][:2], order) if more else None
    return Page([entry[2] for entry in shown], next_token, len(ranked))


def _is_after(key: tuple[SortKey, str], place: tuple[SortKey, str], order: Order) -> bool:
    return key < place if order.descending else key > place


def _write_token(place: tuple[SortKey, str], order: Order) -> str:
    text = orjson.dumps([order.name, order.descending, *place])
    return base64.urlsafe_b64encode(text).decode()


def _read_token(token: str, order: Order) -> tuple[SortKey, str]:
    try:
        name, descending, key, last = orjson.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError) as error:
        raise _bad_token() from error
    known = (name, descending) == (order.name, order.descending)
    if not known or not isinstance(key, str | int) or not isinstance(last, str):
        raise _bad_token()
    return key, last


def _bad_token() -> ValidationError:
    return ValidationError(
        "NextToken is not one that this request's last page gave: repeat the request without it, "
        "and keep SortBy and SortOrder while paging."
    )
