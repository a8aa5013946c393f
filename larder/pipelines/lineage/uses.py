"""How a feature depends on a column of a source. The words are OpenLineage's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

GROUP_SOURCE = "feature-group/"
"""Before the name of a feature group that is read as a source."""


class Kind(StrEnum):
    """Whether a value is made of the column's values, or the column only decides on it."""

    DIRECT = "DIRECT"
    INDIRECT = "INDIRECT"


class How(StrEnum):
    """In which way. The first three are direct, the others indirect."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"
    FILTER = "FILTER"
    WINDOW = "WINDOW"

    @property
    def kind(self) -> Kind:
        """Whether it is direct."""
        return Kind.INDIRECT if self in (How.FILTER, How.WINDOW) else Kind.DIRECT


@dataclass(frozen=True, slots=True, order=True)
class SourceColumn:
    """A column of a source.

    ``table`` is ``database.table``, ``feature-group/<name>``, or an address on S3.
    """

    table: str
    column: str


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A column, and how a feature depends on it."""

    source: SourceColumn
    how: How


Columns = Mapping[str, tuple[Use, ...]]
"""The uses of each feature, by its name; sorted, each once."""
