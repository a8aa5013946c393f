"""Which column of a source is which feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup
from larder.ingestion.cures import map_option


def feature_columns(
    group: FeatureGroup, columns: Sequence[str], renamed: Mapping[str, str]
) -> dict[int, str]:
    """The source's columns by ordinal of the feature that each is.

    A column is the feature of its own name unless ``renamed`` names another; an empty name there
    leaves the column out.

    Raises:
        ValidationError: a column is no feature, two are one, or identifier or event time lack.
    """
    _check(columns, renamed)
    found: dict[int, str] = {}
    for column in columns:
        name = renamed.get(column)
        if name == "":
            continue
        name = column if name is None else name
        ordinal = _ordinal(group, name, column)
        if ordinal in found:
            raise ValidationError(
                f"columns {found[ordinal]!r} and {column!r} both are feature '{name}': leave one "
                f"out ({map_option(column)})"
            )
        found[ordinal] = column
    _require(group, found)
    return found


def _check(columns: Sequence[str], renamed: Mapping[str, str]) -> None:
    twice = sorted(name for name, count in Counter(columns).items() if count > 1)
    if twice:
        raise ValidationError(f"there are several columns {twice[0]!r}: rename them apart")
    stray = sorted(renamed.keys() - set(columns))
    if stray:
        raise ValidationError(f"there is no column {stray[0]!r}, only {', '.join(columns)[:200]}")


def _require(group: FeatureGroup, found: Mapping[int, str]) -> None:
    for role, name in (
        ("record identifier", group.record_identifier_name),
        ("event time", group.event_time_name),
    ):
        if group.ordinals[name] not in found:
            raise ValidationError(
                f"no column is the {role}, feature '{name}': name one (--map COLUMN={name})"
            )


def _ordinal(group: FeatureGroup, name: str, column: str) -> int:
    if name in group.ordinals and name not in group.removed:
        return group.ordinals[name]
    folded = {each.lower(): each for each in group.ordinals if each not in group.removed}
    near = [folded[each] for each in get_close_matches(name.lower(), folded)]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise ValidationError(
        f"column {column!r} is no feature of FeatureGroup {group.name}{hint}: name its feature "
        f"({map_option(column, 'FEATURE')}) or leave the column out ({map_option(column)})"
    )
