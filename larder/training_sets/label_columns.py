"""The columns of labels and results: what they may be called, and which hold keys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from larder.errors import ValidationError
from larder.event_time import EventTimeType
from larder.groups.feature_group import FeatureDefinition

OWN_PREFIX = "larder_"
_NAME = re.compile(r"\w[\w .-]{0,127}")


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

    ``event_time`` is their column of instants, ``time_zone`` what those without a zone are in,
    ``keys`` the columns of record identifiers, ``partition_by`` those that the result is laid out
    by.
    """

    event_time: str
    keys: tuple[LabelKey, ...]
    time_zone: str | None = None
    partition_by: tuple[str, ...] = ()


def check_names(names: Sequence[str], *, what: str) -> None:
    """Refuse column names that Athena can't keep apart or that are not plain names.

    Raises:
        ValidationError: naming every such column.
    """
    problems = [f"{name[:80]!r} is no plain name" for name in names if not _plain(name)]
    folded = Counter(name.lower() for name in names)
    problems += [
        f"{name!r} occurs {folded[name.lower()]} times (Athena knows no upper case)"
        for name in dict.fromkeys(name.lower() for name in names)
        if folded[name] > 1
    ]
    problems += [
        f"{name!r} begins with {OWN_PREFIX}"
        for name in names
        if name.lower().startswith(OWN_PREFIX)
    ]
    if problems:
        raise ValidationError(
            f"{what}: {'; '.join(problems)}. Names have letters, digits, _, -, . and spaces, 128 "
            f"characters at most, each once, none beginning with {OWN_PREFIX}: rename them"
        )


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


def _plain(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and name.isprintable()
