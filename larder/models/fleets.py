"""Fleets made of endpoint configurations, and what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from larder.access.grants import Right
from larder.models.manage_items import ManagedItems
from larder.models.registry_items import EndpointConfig, Model, VariantDetail, VariantSpec
from larder.models.served import Fleet, Variant


def fleet_of(
    models: ManagedItems[Model], config: EndpointConfig
) -> tuple[Fleet, tuple[VariantDetail, ...]]:
    """The variants of a configuration with their models whole, and what is shown of them.

    Raises:
        ValidationError: a model does not exist.
        AccessForbidden: the caller may not serve one.
    """
    found = {
        spec.model: models.get(spec.model, Right.READ)
        for spec in (*config.variants, *config.shadows)
    }
    fleet = Fleet(
        config=config.name,
        variants=tuple(_variant(spec, found) for spec in config.variants),
        shadows=tuple(_variant(spec, found) for spec in config.shadows),
    )
    details = tuple(
        VariantDetail(
            name=spec.name,
            image=found[spec.model].image,
            resolved=found[spec.model].created,
            count=spec.count,
            serverless=spec.serverless,
        )
        for spec in (*config.variants, *config.shadows)
    )
    return fleet, details


def capture_of(config: EndpointConfig) -> Mapping[str, object]:
    """The configuration's DataCaptureConfig, or empty."""
    return cast("Mapping[str, object]", config.sent.get("DataCaptureConfig") or {})


def counts_of(fleet: Fleet, details: tuple[VariantDetail, ...]) -> tuple[int | None, ...]:
    """Instances of each production variant; ``None`` for a serverless one."""
    counts = {each.name: each.count for each in details}
    return tuple(counts[each.name] for each in fleet.variants)


def _variant(spec: VariantSpec, models: Mapping[str, Model]) -> Variant:
    return Variant(name=spec.name, weight=spec.weight, model=models[spec.model].served)
