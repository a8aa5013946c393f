"""What a run keeps as JSON: its pin, which records are whole, and what was counted of each shard.

Formats ``prediction-pin`` and ``prediction-counts`` (decision 0192). Two attempts of one run may be
of two releases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import orjson

from larder.formats import MEMBER, Format, known_members
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.models.served_json import model_from_json, model_to_json
from larder.predictions.definition import Score, Target
from larder.predictions.pin import Pin
from larder.predictions.ports import Counts

PIN: Final = Format("prediction-pin")
COUNTS: Final = Format("prediction-counts")
_PLAIN: Final = (
    "as_of",
    "group",
    "version",
    "source",
    "uid",
    "snapshot",
    "database",
    "table",
    "since",
    "shards",
    "created",
)


def pin_to_json(pin: Pin) -> bytes:
    """The document, always in the same bytes."""
    document = {
        **{name: getattr(pin, name) for name in _PLAIN},
        "columns": sorted(pin.columns),
        "read": [asdict(each) for each in pin.read],
        "scores": [asdict(each) for each in pin.scores],
        "target": asdict(pin.target),
        "model": orjson.Fragment(model_to_json(pin.model)),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def pin_from_json(body: bytes) -> Pin:
    """The pin of a document.

    Raises:
        NewerFormat: a newer release wrote it, in a form that this one can't read.
    """
    document = orjson.loads(body)
    PIN.check(f"pin of source {document.get('source')}", document.get(MEMBER))
    target = known_members(Target, document["target"])
    return Pin(
        **{name: document[name] for name in _PLAIN},
        columns=frozenset(document["columns"]),
        read=tuple(map(_feature, document["read"])),
        scores=tuple(map(_score, document["scores"])),
        target=Target(**{**target, "identifier_type": FeatureType(target["identifier_type"])}),
        model=model_from_json(orjson.dumps(document["model"])),
    )


def counts_to_json(counts: Counts) -> bytes:
    """The document, always in the same bytes."""
    return orjson.dumps(asdict(counts))


def counts_from_json(body: bytes) -> Counts:
    """The counts of a document.

    Raises:
        NewerFormat: a newer release wrote it, in a form that this one can't read.
    """
    document = orjson.loads(body)
    COUNTS.check("counts of a shard", document.get(MEMBER))
    known = known_members(Counts, document)
    return Counts(**{**known, "keys": tuple(known.get("keys", ()))})


def _feature(document: Mapping[str, Any]) -> FeatureDefinition:
    known = known_members(FeatureDefinition, document)
    return FeatureDefinition(**{**known, **_types(known)})


def _score(document: Mapping[str, Any]) -> Score:
    known = known_members(Score, document)
    return Score(**{**known, **_types(known)})


def _types(document: Mapping[str, Any]) -> dict[str, Any]:
    collection = document.get("collection")
    return {
        "type": FeatureType(document["type"]),
        "collection": CollectionType(collection) if collection else None,
    }
