"""Features of a request's instances: one batch read for all of them, whatever their variants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from larder.deadline import within
from larder.errors import LarderError, ResourceNotFound, ServiceUnavailable, ThrottlingException
from larder.groups.feature_group import FeatureGroup
from larder.models.plan import Plan
from larder.models.scores import InstanceError
from larder.records.codec import Value, unpack
from larder.records.read import GetRecords, RecordReader

Place = tuple[str, str]
"""Name of a group and a record identifier as the request has it."""


@dataclass(slots=True)
class Record:
    """A record that was read: its values by ordinal of the group's features."""

    row: Sequence[Value | None]
    group: FeatureGroup

    @property
    def event_time(self) -> str:
        """The event time as it was written."""
        return str(self.row[self.group.ordinals[self.group.event_time_name]])

    def value(self, feature: str) -> Value | None:
        """The value of a feature, ``None`` where it has none.

        Raises:
            KeyError: the group has lost the feature, or never had it.
        """
        group = self.group
        if feature in group.removed:
            raise KeyError(feature)
        ordinal = group.ordinals[feature]
        return self.row[ordinal] if ordinal < len(self.row) else None


@dataclass(frozen=True, slots=True)
class Features:
    """What was read: values by feature, errors, and the records that the store did not read.

    A place in none of them was read and holds nothing.
    """

    records: Mapping[Place, Record] = field(default_factory=dict)
    errors: Mapping[Place, InstanceError] = field(default_factory=dict)
    unread: frozenset[Place] = frozenset()
    groups: Mapping[str, FeatureGroup] = field(default_factory=dict)


@dataclass(slots=True)
class Wanted:
    """The distinct records that instances need, and each group's features."""

    features: dict[str, set[str]] = field(default_factory=dict)
    identifiers: dict[str, dict[str, None]] = field(default_factory=dict)

    def add_plan(self, plan: Plan) -> None:
        """Count a specification's features among those to read."""
        for source in plan.sources:
            self.features.setdefault(source.group, set()).update(source.features)

    def add(self, group: str, identifier: str) -> None:
        """Count a record among those to read."""
        self.identifiers.setdefault(group, {})[identifier] = None


def read(reader: RecordReader, wanted: Wanted, seconds: float) -> Features:
    """Read all that is wanted in one batch; what the store did not read in time is unread."""
    records: dict[Place, Record] = {}
    errors: dict[Place, InstanceError] = {}
    groups: dict[str, FeatureGroup] = {}
    requests: list[GetRecords] = []
    for name, identifiers in wanted.identifiers.items():
        try:
            groups[name] = _group(reader, name, wanted.features[name])
        except LarderError as error:
            errors |= dict.fromkeys(((name, each) for each in identifiers), _said(error))
            continue
        requests.append(GetRecords(name, list(identifiers)))
    if not requests:
        return Features(records, errors, frozenset(), groups)
    with within(seconds):
        outcome = reader.batch_get(requests)
    for place, identifier, found in outcome.found:
        name = requests[place].group
        records[name, identifier] = Record(unpack(found.packed), found.group)
    for place, identifier, refusal in outcome.errors:
        errors[requests[place].group, identifier] = _said(refusal)
    unread = _places(requests, outcome.unprocessed)
    return Features(records, errors, unread, groups)


def _group(reader: RecordReader, name: str, features: set[str]) -> FeatureGroup:
    """The group; it is read again where it lacks a feature, which may be a moment old."""
    group = reader.groups.get(name)
    return group if group.ordinals.keys() >= features else reader.groups.refresh(name)


def _places(requests: list[GetRecords], unprocessed: Iterable[tuple[int, str]]) -> frozenset[Place]:
    return frozenset((requests[place].group, identifier) for place, identifier in unprocessed)


def _said(error: LarderError) -> InstanceError:
    text = str(error)
    match error:
        case ThrottlingException() | ServiceUnavailable():
            return InstanceError("ServiceUnavailable", text, 503)
        case ResourceNotFound():
            return InstanceError("FeatureGroupNotFound", text, 404)
    return InstanceError("InvalidInput", text, 400)
