"""The reads of the records client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from larder.client.group_texts import Identifier, identifier_text, identifier_texts
from larder.client.many_records import Records
from larder.client.process_plane import ProcessPlane
from larder.client.record import Record, UnreadRecords, record_of
from larder.records.ports import Consistency
from larder.records.read import GetRecords, RecordReader

_PAGE = 500


class RecordReads:
    """Reads. ``consistency`` is ``"strong"``, ``"eventual"``, or by default as the group's tier."""

    _plane: ProcessPlane

    def get(
        self,
        group: str,
        identifier: Identifier,
        features: Sequence[str] | None = None,
        *,
        consistency: str = Consistency.DEFAULT,
    ) -> Record | None:
        """The record, or those of its features that are named, in the types of the definitions.

        ``None`` where there is no record that a reader may see, or it has none of the features
        named.
        """
        reader = self._plane.current.reader
        text = identifier_text(reader.groups, group, identifier)
        found = reader.get(group, text, features, Consistency.named(consistency))
        return record_of(found) if found else None

    def get_many(
        self,
        group: str,
        identifiers: Iterable[Identifier],
        features: Sequence[str] | None = None,
        *,
        consistency: str = Consistency.DEFAULT,
    ) -> Records:
        """Records of one group in the order asked, which also become columns of a frame.

        Raises:
            UnreadRecords: the store left some unread, which ``None`` would call missing.
        """
        reader = self._plane.current.reader
        texts = identifier_texts(reader.groups, group, identifiers)
        requests = [GetRecords(group, texts, features)]
        found = _read_all(reader, requests, Consistency.named(consistency))
        return Records(found, reader.groups.get(group), features)

    def batch_get(
        self, requests: Iterable[GetRecords], *, consistency: str = Consistency.DEFAULT
    ) -> list[Record | None]:
        """Records of several groups in one call, in the order asked.

        Raises:
            UnreadRecords: as ``get_many``.
        """
        reader = self._plane.current.reader
        return _read_all(reader, list(requests), Consistency.named(consistency))

    def pages(self, group: str, *, soft_deleted: bool = False) -> Iterator[Sequence[str]]:
        """As ``list``, page by page as they are read."""
        lister = self._plane.current.lister
        token: str | None = None
        while True:
            page = lister.list(group, limit=_PAGE, token=token, soft_deleted=soft_deleted)
            yield page.identifiers
            token = page.next_token
            if token is None:
                return

    def list(self, group: str, *, soft_deleted: bool = False) -> Iterator[str]:
        """Identifiers of the records in the online store, as they were put.

        With ``soft_deleted``, those of deleted records too. In a quiet group each comes once.
        """
        for page in self.pages(group, soft_deleted=soft_deleted):
            yield from page


def _read_all(
    reader: RecordReader, requests: Sequence[GetRecords], consistency: Consistency
) -> list[Record | None]:
    outcome = reader.batch_get(requests, consistency)
    for _, _, error in outcome.errors:
        raise error
    records = {(place, identifier): record_of(found) for place, identifier, found in outcome.found}
    if outcome.unprocessed:
        raise UnreadRecords(
            [(requests[place].group, identifier) for place, identifier in outcome.unprocessed],
            {(requests[place].group, each): record for (place, each), record in records.items()},
        )
    return [
        records.get((place, identifier))
        for place, request in enumerate(requests)
        for identifier in request.identifiers
    ]
