"""What a training set is asked to be, and what that means against the groups there are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches

from larder.as_of.oracle import Cut
from larder.column_names import check_names
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureDefinition
from larder.offline.feature_table import FeatureTable
from larder.tabular.reading import Reading
from larder.training_sets.label_columns import LabelKey

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFeatures:
    """What is asked of one feature group.

    ``features`` are names, by default all but identifier and event time. ``key`` is the label
    column that holds the record identifiers, by default the one named like the identifier.
    ``look_back`` is the greatest age of a value, its end included. ``rename`` gives output names
    by feature; others are the feature's name after ``prefix``. A group may be asked twice, by
    different keys.
    """

    group: str
    features: Sequence[str] | None = None
    key: str | None = None
    look_back: timedelta | None = None
    prefix: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSetSpec:
    """A training set to make.

    ``event_time`` is the labels' column of instants; ``time_zone`` what those without a zone are
    in. ``known_as_of`` (microseconds since the epoch) leaves out what was written later;
    ``as_known_then`` what was written after the label's own time. With ``full_names`` features are
    named ``<group>__<feature>``. ``partition_by`` are label columns by whose values the
    result's files lie in folders ``column=value``. ``reading`` is how labels in files of text are
    read.
    """

    name: str
    event_time: str
    groups: tuple[GroupFeatures, ...]
    time_zone: str | None = None
    known_as_of: int | None = None
    as_known_then: bool = False
    full_names: bool = False
    partition_by: tuple[str, ...] = ()
    reading: Reading = Reading()  # noqa: RUF009 - a frozen value


@dataclass(frozen=True, slots=True)
class PlannedJoin:
    """One group's part: its table, what the labels must have, features with output names."""

    table: FeatureTable
    key: LabelKey
    features: tuple[tuple[FeatureDefinition, str], ...]
    cut: Cut


def check_set_name(name: str) -> str:
    """A training set's name, which is part of S3 addresses.

    Raises:
        ValidationError: it is malformed.
    """
    if _NAME.fullmatch(name) is None:
        raise ValidationError(
            f"{name[:100]!r} is no name of a training set: 1 to 63 lower-case letters, digits and "
            "hyphens, with a letter or digit at both ends"
        )
    return name


def plan(spec: TrainingSetSpec, tables: Mapping[str, FeatureTable]) -> list[PlannedJoin]:
    """Each group's part, numbered in the order asked; ``tables`` by group name.

    Raises:
        ValidationError: features are unknown, or output names are not plain and apart.
    """
    if not spec.groups:
        raise ValidationError("a training set needs features of at least one feature group")
    joins = [
        _planned(number, asked, spec, tables[asked.group])
        for number, asked in enumerate(spec.groups)
    ]
    outputs = [output for join in joins for _, output in join.features]
    check_names(outputs, what="names of features in the result (use prefix, rename or full names)")
    return joins


def check_apart(labels: Sequence[str], joins: Sequence[PlannedJoin]) -> None:
    """Refuse features whose output names the labels use already.

    Raises:
        ValidationError: naming them.
    """
    taken = {name.lower() for name in labels}
    outputs = [output for join in joins for _, output in join.features]
    both = [output for output in outputs if output.lower() in taken]
    if both:
        raise ValidationError(
            f"label columns and features have the same names: {', '.join(both[:20])}; rename the "
            "columns, or the features by prefix, rename or full names"
        )


def _planned(
    number: int, asked: GroupFeatures, spec: TrainingSetSpec, table: FeatureTable
) -> PlannedJoin:
    look_back = None if asked.look_back is None else asked.look_back // _MICROSECOND * 1000
    if look_back is not None and look_back <= 0:
        raise ValidationError(f"the look-back of {asked.group} is not a positive duration")
    cut = Cut(look_back, spec.known_as_of, spec.as_known_then)
    key = LabelKey(
        number=number,
        group=table.group,
        column=asked.key or table.record_identifier.name,
        identifier=table.record_identifier,
        event_time_type=table.event_time_type,
        look_back=look_back,
    )
    outputs = tuple(_outputs(asked, table, full=spec.full_names))
    return PlannedJoin(table, key, outputs, cut)


def _outputs(
    asked: GroupFeatures, table: FeatureTable, *, full: bool
) -> Iterator[tuple[FeatureDefinition, str]]:
    names = asked.features
    if names is None:
        own = (table.record_identifier.name, table.event_time.name)
        names = [feature.name for feature in table.features if feature.name not in own]
    stray = [name for name in asked.rename if name not in names]
    if stray:
        raise ValidationError(f"features of {table.group} to rename but not asked for: {stray}")
    if not names:
        raise ValidationError(f"no feature of {table.group} is asked for")
    prefix = asked.prefix or (f"{table.group}__" if full else "")
    for name in names:
        feature = table.feature(name)
        if feature is None:
            raise _unknown(name, table)
        yield feature, asked.rename.get(name, prefix + name)


def _unknown(name: str, table: FeatureTable) -> ValidationError:
    known = [feature.name for feature in table.features]
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(known[:30])}"
    return ValidationError(f"feature group {table.group} has no feature {name[:100]!r}{hint}")
