"""Exposures for tests."""

from larder.models.exposure import ExposedInstance, ExposedVariant, Exposure
from tests.support.models import served_model

AT = 1_700_000_000_000_000
"""µs since the epoch: 2023-11-14T22:13:20Z."""


def exposed_variant(name="A", model=None, **changes):
    values = {
        "name": name,
        "config": "config",
        "weights": {"A": 70.0, "B": 30.0},
        "model_name": "m",
        "package_arn": "",
        "artefacts": ("0" * 64,),
        "spec_sha256": "f" * 64,
        "model": model,
    }
    return ExposedVariant(**values | changes)


def instance(place=0, variant=0, **changes):
    values = {
        "place": place,
        "variant": variant,
        "unit": "u1",
        "inputs": [1.0, 2.5],
        "vector_sha256": "a" * 64,
        "scores": [0.25],
        "statuses": {"clicks": "MISSING"},
        "event_times": {"customers/customer_id": "2023-11-14T22:00:00Z"},
    }
    return ExposedInstance(**values | changes)


def exposure(inference_id="i-1", variant="A", at=AT, endpoint="scoring", instances=None, **changes):
    """The exposure of a request with one instance, or with those that are given."""
    more = {
        name: changes.pop(name) for name in ("capture", "cut", "unit_source") if name in changes
    }
    values = {
        "inference_id": inference_id,
        "endpoint": endpoint,
        "generation": 3,
        "unit_source": "SessionId",
        "attributes": "",
        "answered_at": at,
        "variants": (exposed_variant(variant),),
        "instances": instances or (instance(**changes),),
    }
    return Exposure(**values | more)


def shadow_exposure(inference_id="i-1", at=AT, **changes):
    """An exposure with a shadow beside the variant that answered."""
    shadow = exposed_variant("Shadow", model=served_model(name="shadowed"))
    waiting = instance(0, 1, scores=None, **changes)
    base = exposure(inference_id, at=at)
    return Exposure(
        **{name: getattr(base, name) for name in base.__dataclass_fields__}
        | {"variants": (*base.variants, shadow), "instances": (*base.instances, waiting)}
    )
