"""Records as Python has them: a dictionary by feature name, values in their features' types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from larder.errors import ThrottlingException
from larder.record_reading import Found
from larder.values import Typed, typed_value

Key = tuple[str, str]
"""Feature group as it was named, and record identifier as text."""
_NAMED = 3


class Record(dict[str, Typed]):
    """A record's features that have a value; what is absent has no key.

    ``expires_at`` is ISO-8601 in UTC, ``None`` for never: from that instant on it is not served.
    """

    __slots__ = ("expires_at",)

    def __init__(self, values: Mapping[str, Typed], expires_at: str | None = None) -> None:
        super().__init__(values)
        self.expires_at = expires_at


class UnreadRecords(ThrottlingException):
    """Some records were not read, for load or for time; nothing is known of them.

    ``unread`` names them; ``records`` holds those that were read and are there, so that a record
    in neither was read and is not there.
    """

    def __init__(self, unread: Sequence[Key], records: Mapping[Key, Record]) -> None:
        named = ", ".join(f"{group} {identifier[:64]!r}" for group, identifier in unread[:_NAMED])
        more = f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
        super().__init__(
            f"{len(unread)} records were not read, for the store refused for load or ran out of "
            f"time: {named}{more}; ask for them again. What was read is in `records`."
        )
        self.unread = list(unread)
        self.records = dict(records)


def record_of(found: Found) -> Record:
    """What a reader is given, in the types of its features."""
    group = found.group
    values = {
        name: typed_value(group.features[group.ordinals[name]], value)
        for name, value in found.values
    }
    return Record(values, found.expires_at)
