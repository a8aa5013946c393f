"""Records as Python has them: a dictionary by feature name, values in their features' types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from larder.errors import ThrottlingException
from larder.groups.feature_group import FeatureDefinition, FeatureGroup
from larder.records.codec import unpack
from larder.records.feature_values import Typed, reader_of
from larder.records.read import Found

Key = tuple[str, str]
"""Feature group as it was named, and record identifier as text."""
_Reader = Callable[[Any], Typed]
_NAMED = 3
_MOST_KEPT = 256


class Record(dict[str, Typed]):
    """A record's features that have a value; what is absent has no key.

    ``expires_at`` is ISO-8601 in UTC, ``None`` for never: from that instant on it is not served.
    """

    __slots__ = ("expires_at",)

    def __init__(
        self,
        values: Mapping[str, Typed] | Iterable[tuple[str, Typed]],
        expires_at: str | None = None,
    ) -> None:
        super().__init__(values)
        self.expires_at = expires_at


class UnreadRecords(ThrottlingException):
    """Some records were not read, for load or for time; nothing is known of them.

    ``unread`` names them; ``records`` holds those that were read and exist. A record in neither was
    read and does not exist.
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
    """A record that was found, in the types of its features."""
    row, names = unpack(found.packed), found.group.feature_names
    readers, runs = _readers(found.group)
    if found.ordinals is None and None not in row:
        typed: list[Typed] = []
        for start, end, reader in runs:
            typed += map(reader, row[start:end])
        return Record(zip(names, typed, strict=False), found.expires_at)
    ordinals = range(len(row)) if found.ordinals is None else found.ordinals
    values = {
        names[ordinal]: readers[ordinal](value)
        for ordinal in ordinals
        if ordinal < len(row) and (value := row[ordinal]) is not None
    }
    return Record(values, found.expires_at)


def _readers(group: FeatureGroup) -> tuple[Sequence[_Reader], Sequence[tuple[int, int, _Reader]]]:
    """What types each feature's value, by ordinal, and in runs of features side by side.

    A run is (first, end, reader): one call types all of it. They are kept, for they would cost as
    much as a record.
    """
    kept = _kept.get(id(group.features))
    if kept is None or kept[0] is not group.features:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        readers = [_reader(feature) for feature in group.features]
        kept = group.features, readers, _runs(readers)
        _kept[id(group.features)] = kept
    return kept[1], kept[2]


def _runs(readers: Sequence[_Reader]) -> list[tuple[int, int, _Reader]]:
    runs: list[tuple[int, int, _Reader]] = []
    for ordinal, reader in enumerate(readers):
        if runs and runs[-1][2] is reader:
            runs[-1] = (runs[-1][0], ordinal + 1, reader)
        else:
            runs.append((ordinal, ordinal + 1, reader))
    return runs


def _reader(feature: FeatureDefinition) -> _Reader:
    return reader_of(feature) or (str if feature.collection is None else list)


_kept: dict[
    int,
    tuple[Sequence[FeatureDefinition], Sequence[_Reader], Sequence[tuple[int, int, _Reader]]],
] = {}
