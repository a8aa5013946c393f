"""The reading half of the direct door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from larder.client.columns import Columns
from larder.client.group_texts import Identifier, identifier_text, identifier_texts
from larder.client.process_plane import ProcessPlane
from larder.client.records import Record, UnreadRecords, record_of
from larder.groups.feature_group import FeatureGroup
from larder.records.ports import Consistency
from larder.records.read import GetRecords, RecordReader
from larder.records.values import ordinals_in_use, ordinals_of

_PAGE = 500


class ReadingDoor:
    """Reads. ``consistency`` is ``"strong"``, ``"eventual"``, or what the group's tier promises."""

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
        group: str | Iterable[GetRecords],
        identifiers: Iterable[Identifier] = (),
        features: Sequence[str] | None = None,
        *,
        consistency: str = Consistency.DEFAULT,
    ) -> list[Record | None]:
        """Records in the order asked, of one group, or of several by a list of ``GetRecords``.

        Raises:
            UnreadRecords: the store left some unread, which ``None`` would call missing.
        """
        reader = self._plane.current.reader
        if isinstance(group, str):
            texts = identifier_texts(reader.groups, group, identifiers)
            requests = [GetRecords(group, texts, features)]
        else:
            requests = list(group)
        return _read_all(reader, requests, Consistency.named(consistency))

    def columns(
        self,
        group: str,
        identifiers: Iterable[Identifier],
        features: Sequence[str] | None = None,
        *,
        consistency: str = Consistency.DEFAULT,
    ) -> Columns:
        """Records by columns, for NumPy or Arrow; a row for each identifier, in the order asked.

        Raises:
            UnreadRecords: as ``get_many``.
        """
        records = self.get_many(group, identifiers, features, consistency=consistency)
        settings = self._plane.current.reader.groups.get(group)
        return Columns(
            [settings.features[ordinal] for ordinal in _ordinals(settings, features)], records
        )

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


def _ordinals(group: FeatureGroup, features: Sequence[str] | None) -> Sequence[int]:
    if features is not None:
        return ordinals_of(group, features)
    return ordinals_in_use(group) or range(len(group.features))
