"""Pipelines as JSON, as a deployment hands them to its functions, with the columns they read.

A deployment writes them and its own functions read them, so the form has no number. Columns are
read from SQL, and SQL is put into Spark's dialect, when the document is made: functions parse none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from pydantic import TypeAdapter

from larder.pipelines.definition import Pipeline
from larder.pipelines.lineage.uses import Columns, Use
from larder.pipelines.sql.texts import SparkTexts


@dataclass(frozen=True, slots=True)
class Declared:
    """The pipelines of a deployment, and by group what each of its features depends on.

    ``spark`` has the statements of those that Spark may compute.
    """

    pipelines: tuple[Pipeline, ...]
    columns: dict[str, dict[str, tuple[Use, ...]]] = field(default_factory=dict)
    spark: dict[str, SparkTexts] = field(default_factory=dict)

    @property
    def by_name(self) -> dict[str, Pipeline]:
        """The pipelines by the group that each writes."""
        return {each.group: each for each in self.pipelines}


_DECLARED = TypeAdapter(Declared)


def to_json(
    pipelines: Sequence[Pipeline],
    columns: Mapping[str, Columns],
    spark: Mapping[str, SparkTexts] = MappingProxyType({}),
) -> bytes:
    """The pipelines, always in the same bytes; known columns are of use to checks alone."""
    plain = (replace(each, source=replace(each.source, columns=None)) for each in pipelines)
    uses = {group: dict(features) for group, features in columns.items()}
    return _DECLARED.dump_json(Declared(tuple(plain), uses, dict(spark)), indent=1)


def from_json(body: bytes) -> Declared:
    """What ``to_json`` wrote."""
    return _DECLARED.validate_json(body)
