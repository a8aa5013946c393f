"""The writes of the records client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from larder.client.given_rows import rows_of
from larder.client.group_texts import (
    EventTime,
    Identifier,
    event_time_text,
    identifier_text,
    record_texts,
)
from larder.client.process_plane import ProcessPlane
from larder.errors import ValidationError
from larder.groups.feature_group import TargetStore, TtlDuration
from larder.records.update import UpdateRecord
from larder.records.write import DeleteRecord, PutRecord, WriteOutcome

_SECOND = timedelta(seconds=1)
Values = Mapping[str, object]
"""Values by feature name, as ``larder.client.rendering`` takes them."""


class RecordWrites:
    """Writes.

    ``ttl`` is how long after its event time a record lives, where that is not the group's own.
    ``targets`` are ``"OnlineStore"`` and ``"OfflineStore"``; without any, all that the group has.
    """

    _plane: ProcessPlane

    def put(
        self,
        group: str,
        record: Values,
        *,
        ttl: timedelta | None = None,
        targets: Iterable[str] | None = None,
    ) -> None:
        """Put a record: once this returns it is durable, whichever version wins."""
        writer = self._plane.current.writer
        texts = record_texts(writer.groups, group, record)
        writer.put(PutRecord(group, texts, _targets(targets), _ttl(ttl)))

    def put_many(
        self,
        group: str,
        records: Any,  # noqa: ANN401 - mappings, or a frame of any library
        *,
        ttl: timedelta | None = None,
        targets: Iterable[str] | None = None,
    ) -> WriteOutcome:
        """Put records side by side: mappings, or the rows of a frame.

        Frames are of pandas, Polars, Arrow or NumPy; a cell of theirs that is null or NaN is no
        value. Single records that are refused raise nothing: look at the outcome. For more than
        some thousands of rows use ``ingestion``.

        Raises:
            ValidationError: rows can't be read from what was given.
        """
        writer = self._plane.current.writer
        stores, duration = _targets(targets), _ttl(ttl)
        return writer.put_many(
            rows_of(records),
            lambda record: PutRecord(
                group, record_texts(writer.groups, group, record), stores, duration
            ),
        )

    def update(
        self,
        group: str,
        identifier: Identifier,
        changes: Values,
        *,
        ttl: timedelta | None = None,
        targets: Iterable[str] | None = None,
    ) -> None:
        """Change the named features of a record and keep the others (UpdateRecord).

        Raises:
            ResourceNotFound: there is no such record.
            ConflictException: the event time among the changes is older than the stored one.
        """
        updater = self._plane.current.updater
        groups = updater.groups
        text = identifier_text(groups, group, identifier)
        texts = record_texts(groups, group, changes)
        updater.update(UpdateRecord(group, text, texts, _targets(targets), _ttl(ttl)))

    def delete(
        self,
        group: str,
        identifier: Identifier,
        event_time: EventTime,
        *,
        hard: bool = False,
        targets: Iterable[str] | None = None,
    ) -> None:
        """Delete a record as of an event time; deleting an unknown one is no error.

        Raises:
            ValidationError: a hard delete's event time is not later than the stored one.
        """
        writer = self._plane.current.writer
        text = identifier_text(writer.groups, group, identifier)
        moment = event_time_text(writer.groups, group, event_time)
        writer.delete(DeleteRecord(group, text, moment, hard, _targets(targets)))


def _targets(names: Iterable[str] | None) -> frozenset[TargetStore] | None:
    if names is None:
        return None
    known = {store.value for store in TargetStore}
    given = {names} if isinstance(names, str) else set(names)
    if not given or given - known:
        raise ValidationError(
            f"targets: {sorted(given)} must be some of {sorted(known)}; leave it out for all "
            f"stores of the group."
        )
    return frozenset(TargetStore(name) for name in given)


def _ttl(ttl: timedelta | None) -> TtlDuration | None:
    if ttl is None:
        return None
    if ttl < _SECOND or ttl % _SECOND:
        raise ValidationError(f"ttl: {ttl} must be a whole number of seconds, at least one.")
    return TtlDuration("Seconds", ttl // _SECOND)
