"""Pages of feature groups and of their features, each continued where the last one ended.

An entry's *place* is a text by which an order sorts it: the sort key, then the name. A token holds
the place after which the next page begins. So entries that come or go between two pages neither
repeat others nor hide them. A page reads what it shows.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

import orjson

from larder.deadline import remaining
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup

Entry = TypeVar("Entry")
Bounds = tuple[str, str]
Named = Callable[[str], bool]
EVERY_PLACE: Bounds = ("!", "~")
"""Places begin with a letter or a digit, which ASCII has between these."""
SEPARATOR = "#"
"""Below every character of a name, so that ``a`` and what belongs to it come before ``a-b``."""
_MOST_EXAMINED = 1000
_MOST_COUNTED = 200
_RESERVE_SECONDS = 3.0
_LATEST = 10**19


class GroupOrder(StrEnum):
    """Orders in which the registry lists groups.

    ``GROWN`` lists a group once for its creation and once for each time it was given features.
    """

    NAME = "name"
    CREATED = "created"
    MODIFIED = "modified"
    STATUS = "status"
    OFFLINE_STATUS = "offline-status"
    GROWN = "grown"

    def places(self, group: FeatureGroup) -> list[str]:
        """The places of a group, one but for ``GROWN``."""
        match self:
            case GroupOrder.NAME:
                return [group.name]
            case GroupOrder.CREATED:
                keys = [moment(group.creation_time)]
            case GroupOrder.MODIFIED:
                keys = [moment(group.last_modified_time)]
            case GroupOrder.STATUS:
                keys = [group.status.value]
            case GroupOrder.OFFLINE_STATUS:
                keys = [offline_status(group)]
            case GroupOrder.GROWN:
                times = {group.creation_time, *(time for _, time in group.growth)}
                keys = [moment(time) for time in sorted(times)]
        return [f"{key}{SEPARATOR}{group.name}" for key in keys]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order that a caller asks for; ``name`` says which, so a token can't continue another."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Total:
    """How many entries there are in all pages; at least so many where it is not ``exact``."""

    value: int = 0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: after a place, after so many entries, of a total as far as known."""

    after: str | None = None
    before: int = 0
    total: Total = Total()


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """Some entries, the token that continues after them, and how many there are in all."""

    entries: list[Entry]
    next_token: str | None
    total: Total


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Which page is asked for.

    With ``counting``, entries beyond the first page are counted as well, as far as 200 are examined
    in all. A total that is ``known`` is not counted.
    """

    order: Order
    size: int
    token: str | None
    counting: bool = False
    known: Total = Total()

    def position(self) -> Position:
        """Where the page begins.

        Raises:
            ValidationError: the token is not one of this order.
        """
        if self.token is None:
            return Position(total=self.known)
        return _read_token(self.token, self.order)


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

    @property
    def named(self) -> Named:
        """Which groups' names may be asked for."""
        part = self.name_contains
        return any_name if part is None else lambda name: part in name

    def admits(self, group: FeatureGroup) -> bool:
        """Whether a group is asked for."""
        created = group.creation_time // 1000 / 1000
        return (
            self.named(group.name)
            and self.status in (None, group.status.value)
            and self.offline_status in (None, offline_status(group))
            and (self.created_after is None or created > self.created_after)
            and (self.created_before is None or created < self.created_before)
        )

    def bounds(self, by: GroupOrder) -> Bounds:
        """Places between which all admitted groups lie, in an order."""
        low, high = EVERY_PLACE
        if by is GroupOrder.CREATED:
            if self.created_after is not None:
                low = moment(int(self.created_after * 1_000_000) - 1000)
            if self.created_before is not None:
                high = moment(int(self.created_before * 1_000_000) + 1000)
        sole = {GroupOrder.STATUS: self.status, GroupOrder.OFFLINE_STATUS: self.offline_status}
        if (value := sole.get(by)) is not None:
            low, high = f"{value}{SEPARATOR}", f"{value}{SEPARATOR}~"
        return low, high


def any_name(_name: str) -> bool:
    """Every name."""
    return True


def offline_status(group: FeatureGroup) -> str:
    """SageMaker's OfflineStoreStatus; of a group without an offline store, ``Disabled``."""
    return group.offline.status if group.offline else "Disabled"


def moment(micros: int) -> str:
    """Microseconds since the epoch as a text that sorts like the number."""
    return f"{min(max(micros, 0), _LATEST):020d}"


def narrowed(bounds: Bounds, after: str | None, *, descending: bool) -> Bounds:
    """The part of the bounds that lies beyond a place, the place itself included."""
    low, high = bounds
    if after is None:
        return bounds
    return (low, min(high, after)) if descending else (max(low, after), high)


def take(
    entries: Iterable[tuple[str, Entry]],
    admits: Callable[[Entry], bool],
    ask: Ask,
    position: Position,
) -> Page[Entry]:
    """A page of the admitted among entries, which are given by place and begin at ``position``.

    A page ends when it is full, or when it has something and 1,000 entries were examined for it. It
    also ends when the call's time is nearly up; so a page may be short, or empty, and still have a
    token.
    """
    counting = ask.counting and not (position.before or position.total.exact)
    filling = _Filling[Entry](ask.size, position.after, counting)
    exhausted = all(filling.goes_on(place, entry, admits) for place, entry in entries)
    total = position.total
    if not total.exact:
        total = Total(max(total.value, position.before + filling.hits), exhausted)
    if exhausted and filling.hits <= ask.size:
        return Page(filling.shown, None, total)
    ahead = Position(filling.last, position.before + len(filling.shown), total)
    return Page(filling.shown, _write_token(ahead, ask.order), total)


@dataclass(slots=True)
class _Filling(Generic[Entry]):
    """A page on its way: ``last`` is the place to go on after, ``hits`` all admitted so far."""

    size: int
    last: str | None
    counting: bool
    shown: list[Entry] = field(default_factory=list)
    hits: int = 0
    examined: int = 0

    def goes_on(self, place: str, entry: Entry, admits: Callable[[Entry], bool]) -> bool:
        """Take an entry; ``False`` where the page ends before it."""
        if self._is_enough():
            return False
        self.examined += 1
        full = len(self.shown) == self.size
        self.last = self.last if full else place
        if not admits(entry):
            return True
        self.hits += 1
        if not full:
            self.shown.append(entry)
        return self.counting or not full

    def _is_enough(self) -> bool:
        most = _MOST_COUNTED if self.hits > self.size else _MOST_EXAMINED
        late = self.examined > 0 and remaining() < _RESERVE_SECONDS
        return late or (self.examined >= most and bool(self.shown))


def _write_token(position: Position, order: Order) -> str:
    total = position.total
    parts = [
        order.name,
        order.descending,
        position.after,
        position.before,
        total.value,
        total.exact,
    ]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()


def _read_token(token: str, order: Order) -> Position:
    refusal = ValidationError(
        "NextToken is not one that this request's last page gave: repeat the request without it, "
        "and keep SortBy and SortOrder while paging."
    )
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise refusal from error
    match parts:
        case [order.name, order.descending, str(after), int(before), int(value), bool(exact)]:
            return Position(after, before, Total(value, exact))
    raise refusal
