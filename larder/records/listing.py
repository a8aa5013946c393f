"""Which records a group has: the use case of ListRecords.

Records are listed shard by shard, in the order of their keys; a page may be short, and goes on by
its token. In a quiet group all pages together name each record once.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import time_ns

import orjson

from larder.access.grants import Right
from larder.access.rules import Access
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup
from larder.groups.settings_cache import GroupSettings
from larder.records.codec import unpack
from larder.records.ports import RecordPages
from larder.records.record import RecordVersion, State

_MAX_QUERIES = 128


@dataclass(frozen=True, slots=True)
class Listing:
    """Identifiers as they were put, and the token to go on with, if there is more."""

    identifiers: list[str]
    next_token: str | None


@dataclass(slots=True)
class RecordLister:
    """Lists records. ``clock`` gives nanoseconds since the epoch, by which expiry is judged."""

    store: RecordPages
    groups: GroupSettings
    clock: Callable[[], int] = time_ns

    def of_caller(self, access: Access) -> RecordLister:
        """The same for a caller, who needs the right to read each group that is named."""
        return replace(self, groups=self.groups.of_caller(access, Right.READ))

    def list(
        self, group: str, *, limit: int, token: str | None = None, soft_deleted: bool = False
    ) -> Listing:
        """At most ``limit`` identifiers of records in the online store.

        Raises:
            ResourceNotFound: there is no such group.
            ValidationError: no online store, or a token that is not of this group.
        """
        settings = self.groups.get(group)
        if settings.online is None:
            raise ValidationError(
                f"FeatureGroup {settings.name} has no online store whose records could be listed."
            )
        shard, after = _position(token, settings)
        identifiers: list[str] = []
        for _ in range(_MAX_QUERIES):
            room = limit - len(identifiers)
            page = self.store.shard(settings.uid, shard, after=after, limit=room)
            identifiers += [
                _identifier(settings, version)
                for _, version in page.entries
                if self._is_listed(version, soft_deleted)
            ]
            shard, after = (shard, page.last) if page.last else (shard + 1, None)
            if shard == settings.shards:
                return Listing(identifiers, None)
            if len(identifiers) == limit:
                break
        return Listing(identifiers, _token(settings, shard, after))

    def _is_listed(self, version: RecordVersion, soft_deleted: bool) -> bool:
        if version.state is State.SOFT_DELETED:
            return soft_deleted
        return version.is_visible(self.clock())


def _identifier(group: FeatureGroup, version: RecordVersion) -> str:
    return str(unpack(version.packed)[group.ordinals[group.record_identifier_name]])


def _token(group: FeatureGroup, shard: int, after: str | None) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([group.uid, shard, after])).decode()


def _position(token: str | None, group: FeatureGroup) -> tuple[int, str | None]:
    if token is None:
        return 0, None
    refusal = ValidationError(
        f"NextToken is not one that ListRecords gave for FeatureGroup {group.name}; "
        f"start again without one."
    )
    try:
        parts = orjson.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise refusal from error
    match parts:
        case [group.uid, int(shard), None | str() as after] if 0 <= shard < group.shards:
            if after != "" and (after is None or len(after.encode()) <= 1024):
                return shard, after
    raise refusal
