"""The columns of labels and results: what they may be called, and which hold keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from larder.errors import ValidationError
from larder.event_time import EventTimeType
from larder.groups.feature_group import FeatureDefinition
from larder.tabular.reading import Reading


@dataclass(frozen=True, slots=True)
class LabelKey:
    """A join as the labels see it: the ``column`` that holds the group's record identifiers.

    ``look_back`` is in nanoseconds.
    """

    number: int
    group: str
    column: str
    identifier: FeatureDefinition
    event_time_type: EventTimeType
    look_back: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLabels:
    """What is asked of labels.

    ``event_time`` is their column of instants, ``time_zone`` the zone of those that have none.
    ``keys`` are the columns of record identifiers, ``partition_by`` those that the result is laid
    out by. ``reading`` is how files of text are read.
    """

    event_time: str
    keys: tuple[LabelKey, ...]
    time_zone: str | None = None
    partition_by: tuple[str, ...] = ()
    reading: Reading = Reading()  # noqa: RUF009 - a frozen value


def require_column(name: str, names: Iterable[str], *, purpose: str) -> None:
    """Refuse a column that the labels lack.

    Raises:
        ValidationError: naming the column, what it is for, and those there are.
    """
    known = list(names)
    if name not in known:
        raise ValidationError(
            f"the labels have no column {name[:100]!r}, which is {purpose}; they have "
            f"{', '.join(known[:30])}"
        )
