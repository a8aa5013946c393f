"""The table of exposures: a row for each instance that a variant or a shadow met.

It is kept by the offline store's own means, which know a table by a feature group. So this module
describes it as one. That group is in no registry: it has no online store, and no caller reads it as
a group (decision 0221).
"""

from __future__ import annotations

import orjson

from larder.bucket_folders import EXPOSURES
from larder.event_time import iso_millis
from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureGroup,
    FeatureGroupStatus,
    FeatureType,
    OfflineStore,
)
from larder.models.assignment import UnitSource
from larder.models.exposed import ExposedInstance, Exposure
from larder.offline.rows import Cell, OfflineRow

TABLE = "exposures"
_TEXT, _WHOLE, _NUMBERS = FeatureType.STRING, FeatureType.INTEGRAL, CollectionType.LIST
_FEATURES = (
    FeatureDefinition("exposure_id", _TEXT),
    FeatureDefinition("answered_at", _TEXT),
    FeatureDefinition("inference_id", _TEXT),
    FeatureDefinition("instance", _WHOLE),
    FeatureDefinition("endpoint", _TEXT),
    FeatureDefinition("config", _TEXT),
    FeatureDefinition("generation", _WHOLE),
    FeatureDefinition("unit", _TEXT),
    FeatureDefinition("unit_source", _TEXT),
    FeatureDefinition("variant", _TEXT),
    FeatureDefinition("weights", _TEXT),
    FeatureDefinition("forced", _WHOLE),
    FeatureDefinition("shadow", _WHOLE),
    FeatureDefinition("model", _TEXT),
    FeatureDefinition("model_package_arn", _TEXT),
    FeatureDefinition("artefact_sha256", _TEXT),
    FeatureDefinition("spec_sha256", _TEXT),
    FeatureDefinition("inputs", FeatureType.FRACTIONAL, _NUMBERS),
    FeatureDefinition("vector_sha256", _TEXT),
    FeatureDefinition("scores", FeatureType.FRACTIONAL, _NUMBERS),
    FeatureDefinition("status", _TEXT),
    FeatureDefinition("statuses", _TEXT),
    FeatureDefinition("event_times", _TEXT),
    FeatureDefinition("attributes", _TEXT),
    FeatureDefinition("cut", _TEXT),
)
"""The columns. ``forced`` and ``shadow`` are 0 or 1. ``weights``, ``statuses`` and ``event_times``
are JSON objects. ``answered_at`` is ISO 8601 in UTC with milliseconds, always of 24 letters."""


def exposures_table(database: str, bucket: str) -> FeatureGroup:
    """The table as the offline store's means know it, in a platform's database and bucket."""
    location = f"s3://{bucket}/{EXPOSURES}table"
    store = OfflineStore(
        s3_uri=location,
        location=location,
        catalog="AwsDataCatalog",
        database=database,
        table=TABLE,
    )
    return FeatureGroup(
        name=TABLE,
        uid=TABLE,
        arn="",
        record_identifier_name="exposure_id",
        event_time_name="answered_at",
        features=_FEATURES,
        online=None,
        offline=store,
        creation_time=0,
        last_modified_time=0,
        status=FeatureGroupStatus.CREATED,
    )


def row_of(exposure: Exposure, instance: ExposedInstance) -> OfflineRow:
    """The row of one instance. Equal lines give rows of equal keys, so none is written twice."""
    values = _values(exposure, instance)
    return OfflineRow(
        identifier=exposure_id(exposure, instance),
        event_time=iso_millis(exposure.answered_at),
        write_time=exposure.answered_at,
        invocation_time=exposure.answered_at,
        is_deleted=False,
        values=tuple(values[feature.name] for feature in _FEATURES),
    )


def exposure_id(exposure: Exposure, instance: ExposedInstance) -> str:
    """The inference id with the instance's place, and of a shadow its name."""
    base = f"{exposure.inference_id}/{instance.place}"
    if exposure.is_shadow(instance):
        return f"{base}/{exposure.variants[instance.variant].name}"
    return base


def _values(exposure: Exposure, instance: ExposedInstance) -> dict[str, Cell]:
    met = exposure.variants[instance.variant]
    return {
        "exposure_id": exposure_id(exposure, instance),
        "answered_at": iso_millis(exposure.answered_at),
        "inference_id": exposure.inference_id,
        "instance": instance.place,
        "endpoint": exposure.endpoint,
        "config": met.config,
        "generation": exposure.generation,
        "unit": instance.unit,
        "unit_source": exposure.unit_source,
        "variant": met.name,
        "weights": _json(met.weights),
        "forced": int(exposure.unit_source == UnitSource.FORCED),
        "shadow": int(exposure.is_shadow(instance)),
        "model": met.model_name,
        "model_package_arn": met.package_arn or None,
        "artefact_sha256": ",".join(met.artefacts),
        "spec_sha256": met.spec_sha256 or None,
        "inputs": None if instance.inputs is None else list(instance.inputs),
        "vector_sha256": instance.vector_sha256 or None,
        "scores": None if instance.scores is None else list(instance.scores),
        "status": instance.status,
        "statuses": _json(instance.statuses) if instance.statuses else None,
        "event_times": _json(instance.event_times) if instance.event_times else None,
        "attributes": exposure.attributes or None,
        "cut": ",".join(exposure.cut) or None,
    }


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
