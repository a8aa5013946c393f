"""Weights and counts of an endpoint's variants: changed by name, or kept over an update."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Flag, auto

from larder.errors import ValidationError
from larder.models.registry_items import Endpoint, Sent, VariantDetail
from larder.models.served import Fleet

Details = tuple[VariantDetail, ...]


class Retained(Flag):
    """What an update keeps of variants that have the same name before and after.

    ``CAPTURE`` is the endpoint's data capture.
    """

    NOTHING = 0
    WEIGHTS = auto()
    COUNTS = auto()
    CAPTURE = auto()


@dataclass(frozen=True, slots=True)
class Capacity:
    """What is asked for a variant; ``None`` keeps what it has.

    A count and the members of a serverless configuration are only shown.
    """

    name: str
    weight: float | None = None
    count: int | None = None
    serverless: Sent = field(default_factory=dict)


def weighed(endpoint: Endpoint, capacities: tuple[Capacity, ...]) -> tuple[Fleet, Details]:
    """The variants and what is shown of them with other weights and counts.

    Raises:
        ValidationError: a variant is unknown or named twice, or none would have a weight above 0.
            Or one has no serverless configuration that could be changed.
    """
    fleet = endpoint.served.blue
    _refuse(fleet, [each.name for each in capacities])
    weights = {each.name: each.weight for each in capacities if each.weight is not None}
    counts = {each.name: each.count for each in capacities if each.count is not None}
    changed = _with_weights(fleet, weights)
    if not any(variant.weight > 0 for variant in changed.variants):
        raise ValidationError(
            f"The weights would leave no variant of endpoint {endpoint.name} any request: give at "
            "least one a DesiredWeight greater than 0, or delete the endpoint."
        )
    details = tuple(_with_counts(endpoint.details, counts))
    return changed, tuple(_with_serverless(details, capacities))


def retain(
    retained: Retained, endpoint: Endpoint, fleet: Fleet, details: Details
) -> tuple[Fleet, Details]:
    """A new configuration's variants with what the endpoint's own of the same name have.

    Where that would leave no weight above 0, the new configuration's weights stay.
    """
    if Retained.WEIGHTS in retained:
        weights = {each.name: each.weight for each in endpoint.served.blue.variants}
        kept = _with_weights(fleet, weights)
        fleet = kept if any(variant.weight > 0 for variant in kept.variants) else fleet
    if Retained.COUNTS in retained:
        counts = {each.name: each.count for each in endpoint.details if each.count is not None}
        details = tuple(_with_counts(details, counts))
    return fleet, details


def _refuse(fleet: Fleet, names: list[str]) -> None:
    known = {variant.name for variant in fleet.variants}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValidationError(
            f'The variant name(s) "{", ".join(unknown)}" is/are not present within endpoint '
            f'configuration "{fleet.config}".'
        )
    for name in names:
        if names.count(name) > 1:
            raise ValidationError(f'The variant name "{name}" was non-unique within the request.')


def _with_weights(fleet: Fleet, weights: dict[str, float]) -> Fleet:
    variants = tuple(
        replace(each, weight=weights.get(each.name, each.weight)) for each in fleet.variants
    )
    return replace(fleet, variants=variants)


def _with_counts(details: Details, counts: dict[str, int]) -> Iterator[VariantDetail]:
    for each in details:
        yield replace(each, count=counts.get(each.name, each.count))


def _with_serverless(details: Details, capacities: tuple[Capacity, ...]) -> Iterator[VariantDetail]:
    asked = {each.name: each.serverless for each in capacities if each.serverless}
    for each in details:
        if each.name in asked and not each.serverless:
            raise ValidationError(
                f"The variant {each.name} has no ServerlessConfig: leave out "
                "ServerlessUpdateConfig, or move the endpoint to a configuration that has one."
            )
        changed = {**each.serverless, **asked.get(each.name, {})}
        yield replace(each, serverless=changed) if changed else each
