"""Marks of erased identifiers, by which what was erased is kept from coming back. Pure.

A stream is repeated, a failed batch redriven days later: both would write an erased record again.
So each table keeps a mark for every identifier that was erased from it. The mark has a hash of the
identifier and the time of the erasure. The writer of the table drops the rows of that identifier
that were accepted by then. Later ones are new records and are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from larder.formats import Format
from larder.offline.rows import OfflineRow
from larder.records.feature_values import Scalar

_DIGITS = 16
_FORMAT = Format("erased-marks")
KEEP_MICROS = 430 * 86_400_000_000
"""Marks are kept longer than a failed batch can lie about (400 days) and a stream remember."""


def identifier_text(identifier: Scalar) -> str:
    """The text by which records differ.

    See ``larder.records.feature_values.canonical_identifier``.
    """
    return repr(identifier + 0.0) if isinstance(identifier, float) else str(identifier)


def mark_of(uid: str, identifier: Scalar) -> str:
    """The hash that represents an identifier of one group; another group's is another."""
    return sha256(f"{uid}\0{identifier_text(identifier)}".encode()).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class Marks:
    """Times of erasure, µs since the epoch, by hash."""

    times: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Marks:
        """The marks in a text that ``str`` made; none in ``None``.

        Raises:
            NewerFormat: a newer release has written it.
            ValueError: it was not.
        """
        _FORMAT.check_text("the marks of erasures of an offline table", text or "")
        pairs = (each.partition(":") for each in (text or "").split(";") if each)
        return cls({mark: int(time) for mark, _, time in pairs})

    def __str__(self) -> str:
        """34 characters a mark: Glue takes half a million in one parameter of a table."""
        return ";".join(f"{mark}:{time}" for mark, time in sorted(self.times.items()))

    def adding(self, mark: str, time: int) -> Marks:
        """With one more mark, and without those that nothing can come back from any more."""
        kept = {each: when for each, when in self.times.items() if when > time - KEEP_MICROS}
        return Marks(kept | {mark: max(time, kept.get(mark, 0))})

    def refuse(self, uid: str, row: OfflineRow) -> bool:
        """Whether a row of the group is one that was erased."""
        if not self.times:
            return False
        time = self.times.get(mark_of(uid, row.identifier))
        return time is not None and row.write_time <= time
