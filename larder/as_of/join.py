"""One group's part of an as-of join, and the shape of SQL that suits it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from larder.as_of.oracle import Cut
from larder.event_time import NANOS, EventTimeType
from larder.groups.feature_group import FeatureDefinition
from larder.offline.feature_table import FeatureTable, TableVersion

_SHORT_LOOK_BACK = 7 * 86_400 * NANOS
_LARGE_TABLE = 20 * 10**9


class Shape(StrEnum):
    """How SQL finds the winner of each label row; all give the same rows.

    * ``WINDOW``: labels and history in one UNION, one running MAX_BY. Reads the table once, joins
      nothing, linear whatever the versions per key. The window holds whole rows, so it is for
      tables of up to 20 GB of files. Of these it takes the keys that the labels ask for.
    * ``KEYS``: the same over keys alone (running MAX), then an equi-join back for the features. The
      window stays narrow at any size; the key columns are read a second time.
    * ``RANGE``: a join on key and time window, one MAX_BY. No window and the least memory where a
      look-back bounds the candidates; slow where it does not.
    """

    WINDOW = "window"
    KEYS = "keys"
    RANGE = "range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """One group joined to the labels.

    ``number`` tells it from the statement's other joins. ``features`` are definitions with output
    names. ``first`` and ``last`` are the earliest and the latest label time, in nanoseconds, by
    which files and partitions are pruned.
    """

    number: int
    table: FeatureTable
    version: TableVersion
    features: tuple[tuple[FeatureDefinition, str], ...]
    cut: Cut
    first: int
    last: int
    shape: Shape | None = None

    @property
    def key(self) -> str:
        """The labels' column that holds the record identifier."""
        return f"larder_key_{self.number}"

    @property
    def since(self) -> str | None:
        """The labels' column at which the window starts, where there is a look-back."""
        return None if self.cut.look_back is None else f"larder_from_{self.number}"

    @property
    def is_text(self) -> bool:
        """Whether event times compare as texts, not as doubles."""
        return self.table.event_time_type is EventTimeType.STRING

    @property
    def at(self) -> str:
        """The labels' column that event times compare with."""
        return "larder_at" if self.is_text else "larder_seconds"

    @property
    def best_shape(self) -> Shape:
        """The shape asked for, or the one that suits look-back and size.

        As known then, a version comes into sight at the later of event and write time; doubles and
        timestamps have no such maximum without rounding, so there the join compares both.
        """
        if not self.is_text and self.cut.as_known_then:
            return Shape.RANGE
        if self.shape is not None:
            return self.shape
        if self.cut.look_back is not None and self.cut.look_back <= _SHORT_LOOK_BACK:
            return Shape.RANGE
        return Shape.KEYS if self.version.size > _LARGE_TABLE else Shape.WINDOW
