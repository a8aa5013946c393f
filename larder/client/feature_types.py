"""Feature definitions of what a program holds: a frame, a mapping, or definitions in any spelling.

The types are SageMaker's: Integral for whole numbers, Fractional for other numbers, String for
texts and times. A column of lists becomes a List, one of lists of a fixed length a Vector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from larder.errors import ValidationError
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType

_INTEGRAL = re.compile(r"u?int\d*", re.IGNORECASE)
_FRACTIONAL = re.compile(r"float\d*|double|halffloat|decimal.*", re.IGNORECASE)
_STRING = re.compile(
    r"str|string.*|large_string|utf8|categor.*|enum.*|dictionary<values=string.*"
    r"|date.*|timestamp.*",
    re.IGNORECASE,
)
_ARROW_LIST = re.compile(r"(?:large_)?list(?:_view)?<\w+: (?P<item>.*?)(?: not null)?>")
_ARROW_VECTOR = re.compile(r"fixed_size_list<\w+: (?P<item>.*?)(?: not null)?>\[(?P<length>\d+)\]")
_POLARS_LIST = re.compile(r"List\((?P<item>.*)\)")
_POLARS_VECTOR = re.compile(r"Array\((?P<item>.*), shape=\((?P<length>\d+),\)\)")


def feature_definitions(given: Any) -> list[FeatureDefinition]:  # noqa: ANN401 - several kinds
    """The definitions of a frame's columns, of ``{name: type}``, or of a list of definitions.

    A list holds ``FeatureDefinition`` or SageMaker's own mappings. A type in a mapping is
    ``"Integral"``, ``"Fractional"`` or ``"String"``.

    Raises:
        ValidationError: a column has no type that features have; it is named, with the cure.
    """
    if isinstance(given, Mapping):
        return [_named(name, kind) for name, kind in given.items()]
    if columns := _columns(given):
        return [_of_column(*column) for column in columns]
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        return [_as_definition(each) for each in given]
    raise ValidationError(
        f"features: a {type(given).__name__} has no feature types; give a frame of pandas, Polars "
        "or Arrow, a mapping of types by name, or a list of definitions."
    )


def _columns(frame: Any) -> list[tuple[object, str, Any]]:  # noqa: ANN401 - several libraries
    """Name, type as text, and the values where only they tell the type; empty for no frame."""
    library = type(frame).__module__.partition(".")[0]
    if library == "pandas" and hasattr(frame, "dtypes"):
        return [
            (name, str(kind).removesuffix("[pyarrow]"), frame[name])
            for name, kind in frame.dtypes.items()
        ]
    if library == "polars" and hasattr(frame, "schema"):
        return [(name, str(kind), None) for name, kind in frame.schema.items()]
    if library == "pyarrow":
        schema = getattr(frame, "schema", frame)
        return [(field.name, str(field.type), None) for field in schema]
    return []


def _of_column(name: object, kind: str, values: Any) -> FeatureDefinition:  # noqa: ANN401
    if not isinstance(name, str):
        raise ValidationError(f"features: the column {name!r} is not named by a text; rename it.")
    for pattern in (_ARROW_VECTOR, _POLARS_VECTOR):
        if match := pattern.fullmatch(kind):
            length = int(match["length"])
            item = _scalar(name, match["item"])
            return FeatureDefinition(name, item, CollectionType.VECTOR, length)
    for pattern in (_ARROW_LIST, _POLARS_LIST):
        if match := pattern.fullmatch(kind):
            return FeatureDefinition(name, _scalar(name, match["item"]), CollectionType.LIST)
    if kind == "object":
        return _of_objects(name, values)
    return FeatureDefinition(name, _scalar(name, kind))


def _scalar(name: str, kind: str) -> FeatureType:
    for pattern, found in (
        (_INTEGRAL, FeatureType.INTEGRAL),
        (_FRACTIONAL, FeatureType.FRACTIONAL),
        (_STRING, FeatureType.STRING),
    ):
        if pattern.fullmatch(kind):
            return found
    cure = "map it to 0 and 1, or to texts" if kind.lower().startswith("bool") else "convert it"
    raise ValidationError(
        f"features: column {name!r} is of type {kind}, which no feature has; {cure}, or give the "
        "features as a mapping of types by name."
    )


def _of_objects(name: str, values: Any) -> FeatureDefinition:  # noqa: ANN401 - pandas is untyped
    present = [value for value in values.dropna().tolist() if value is not None]
    if present and all(isinstance(value, str) for value in present):
        return FeatureDefinition(name, FeatureType.STRING)
    lists = [v for v in present if isinstance(v, Sequence) and not isinstance(v, str | bytes)]
    items = [item for each in lists for item in each]
    if present and len(lists) == len(present) and items:
        return FeatureDefinition(name, _of_items(name, items), CollectionType.LIST)
    raise ValidationError(
        f"features: column {name!r} holds objects whose type can't be told; make them texts, "
        "numbers or lists, or give the features as a mapping of types by name."
    )


def _of_items(name: str, items: Sequence[object]) -> FeatureType:
    kinds = {type(item).__name__ for item in items}
    if kinds == {"str"}:
        return FeatureType.STRING
    if kinds and all(_INTEGRAL.fullmatch(kind) for kind in kinds):
        return FeatureType.INTEGRAL
    if kinds and all(_INTEGRAL.fullmatch(k) or _FRACTIONAL.fullmatch(k) for k in kinds):
        return FeatureType.FRACTIONAL
    raise ValidationError(
        f"features: the lists of column {name!r} hold {', '.join(sorted(kinds))}; a collection "
        "holds texts or numbers alone."
    )


def _named(name: str, kind: object) -> FeatureDefinition:
    try:
        return FeatureDefinition(name, FeatureType(str(kind)))
    except ValueError:
        known = ", ".join(each.value for each in FeatureType)
        raise ValidationError(
            f"features: {str(kind)[:64]!r} of {name!r} is no feature type; give {known}."
        ) from None


def _as_definition(given: object) -> FeatureDefinition:
    match given:
        case FeatureDefinition():
            return given
        case {"FeatureName": str() as name, "FeatureType": kind, **rest}:
            more: dict[str, Any] = {str(member): value for member, value in rest.items()}
            collection = more.get("CollectionType")
            vector = (more.get("CollectionConfig") or {}).get("VectorConfig") or {}
            return FeatureDefinition(
                name,
                _named(name, kind).type,
                None if collection is None else CollectionType(collection),
                vector.get("Dimension"),
            )
    raise ValidationError(
        f"features: {str(given)[:100]!r} is no definition; give FeatureName and FeatureType."
    )
