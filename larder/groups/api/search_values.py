"""What Search can ask about: the properties of what it finds, and how a filter compares them.

A property is named by its path in the answer (``OnlineStoreConfig.StorageType``). Beside those:
``Tags.<key>`` and ``Parameters.<key>``, whose value is compared, and ``AllTags`` and
``AllParameters``, which mean every key and every value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from larder.errors import ValidationError

Record = Mapping[str, object]
Value = str | float
TIMES = frozenset({"CreationTime", "LastModifiedTime"})
_SHARED = (
    "FeatureGroupArn",
    "FeatureGroupName",
    "CreationTime",
    "LastModifiedTime",
    "Description",
)


@dataclass(frozen=True, slots=True)
class Searchable:
    """A resource of Search: what filters may ask about it.

    ``pairs`` is its member with keys and values. ``names`` are those by which ties go. ``lists``
    may be asked about element by element.
    """

    name: str
    properties: tuple[str, ...]
    names: tuple[str, ...]
    pairs: str = "Tags"
    lists: tuple[str, ...] = ()


GROUP = Searchable(
    "FeatureGroup",
    (
        *_SHARED,
        "RecordIdentifierFeatureName",
        "EventTimeFeatureName",
        "FeatureDefinitions.FeatureName",
        "FeatureDefinitions.FeatureType",
        "FeatureDefinitions.CollectionType",
        "OnlineStoreConfig.EnableOnlineStore",
        "OnlineStoreConfig.StorageType",
        "OnlineStoreConfig.SecurityConfig.KmsKeyId",
        "OfflineStoreConfig.S3StorageConfig.S3Uri",
        "OfflineStoreConfig.S3StorageConfig.ResolvedOutputS3Uri",
        "OfflineStoreConfig.DataCatalogConfig.TableName",
        "OfflineStoreConfig.DataCatalogConfig.Database",
        "OfflineStoreConfig.TableFormat",
        "RoleArn",
        "FeatureGroupStatus",
        "OfflineStoreStatus.Status",
        "LastUpdateStatus.Status",
        "FailureReason",
    ),
    ("FeatureGroupName",),
    lists=("FeatureDefinitions",),
)
METADATA = Searchable(
    "FeatureMetadata",
    (*_SHARED, "FeatureName", "FeatureType"),
    ("FeatureGroupName", "FeatureName"),
    "Parameters",
)


def check_property(resource: Searchable, name: str) -> None:
    """Raise ``ValidationError`` where a resource has no such property."""
    pairs = resource.pairs
    if name not in resource.properties and name != f"All{pairs}" and _key_of(pairs, name) is None:
        raise ValidationError(
            f"Property {name[:100]!r} can't be searched for: a {resource.name} has "
            f"{', '.join(resource.properties)}, {pairs}.<key> and All{pairs}."
        )


def values_of(record: Record, resource: Searchable, name: str) -> list[Value]:
    """The values that a property has in a record; none where it is absent."""
    pairs = resource.pairs
    entries = record.get(pairs, ())
    assert isinstance(entries, Sequence)  # noqa: S101 (our own answers)
    if name == f"All{pairs}":
        return [word for entry in entries for word in (entry["Key"], entry["Value"])]
    key = _key_of(pairs, name)
    if key is not None:
        return [entry["Value"] for entry in entries if entry["Key"] == key]
    return _at(record, name.split("."))


def comparison(name: str, operator: str, text: str | None) -> Callable[[list[Value]], bool]:
    """The test that a filter makes of a property's values.

    Raises:
        ValidationError: the operator doesn't fit the property or its value.
    """
    if operator in {"Exists", "NotExists"}:
        if text is not None:
            raise ValidationError(f"Filter on {name}: {operator} takes no Value; leave it out.")
        return lambda values: bool(values) == (operator == "Exists")
    if text is None:
        raise ValidationError(f"Filter on {name}: {operator} needs a Value.")
    if name in TIMES:
        return _of_time(name, operator, text)
    match operator:
        case "Equals":
            return lambda values: text in values
        case "NotEquals":
            return lambda values: text not in values
        case "Contains":
            return lambda values: any(text in str(value) for value in values)
        case "In":
            wanted = {part.strip() for part in text.split(",")}
            return lambda values: not wanted.isdisjoint(values)
    raise ValidationError(
        f"Filter on {name}: {operator} compares times only ({', '.join(sorted(TIMES))}); use "
        "Equals, NotEquals, Contains, In, Exists or NotExists."
    )


def _of_time(name: str, operator: str, text: str) -> Callable[[list[Value]], bool]:
    moment = _moment(name, text)
    tests: dict[str, Callable[[float], bool]] = {
        "Equals": lambda value: value == moment,
        "NotEquals": lambda value: value != moment,
        "GreaterThan": lambda value: value > moment,
        "GreaterThanOrEqualTo": lambda value: value >= moment,
        "LessThan": lambda value: value < moment,
        "LessThanOrEqualTo": lambda value: value <= moment,
    }
    if operator not in tests:
        raise ValidationError(f"Filter on {name}: use one of {', '.join(tests)}, not {operator}.")
    test = tests[operator]
    return lambda values: all(test(float(value)) for value in values)


def _moment(name: str, text: str) -> float:
    """Epoch seconds, or ISO-8601 (UTC where no zone is given), in milliseconds."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp() * 1000) / 1000
    except (ValueError, OverflowError) as error:
        raise ValidationError(
            f"Filter on {name}: {text[:64]!r} is not a time; write 2024-01-31T12:00:00Z or epoch "
            "seconds."
        ) from error


def _at(value: object, path: Sequence[str]) -> list[Value]:
    if isinstance(value, list):
        return [each for item in value for each in _at(item, path)]
    if path:
        return _at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []
    if isinstance(value, bool):
        return [str(value).lower()]
    return [value] if isinstance(value, str | float | int) else []


def _key_of(pairs: str, name: str) -> str | None:
    head, dot, key = name.partition(".")
    return key if head == pairs and dot and key else None
