"""Served models and endpoints for tests."""

from larder.models.served import (
    Contract,
    EndpointStatus,
    Fleet,
    ModelArtefact,
    Runtime,
    ServedEndpoint,
    ServedModel,
    Variant,
)


def served_model(**changes):
    """A model of two columns on XGBoost, without a feature specification."""
    values = {
        "name": "m",
        "uid": "um",
        "runtime": Runtime.XGBOOST,
        "contract": Contract.LARDER,
        "artefacts": (ModelArtefact(sha256="0" * 64, size=10),),
        "width": 2,
    }
    return ServedModel(**values | changes)


def variant(name="AllTraffic", model=None, weight=1.0):
    """A variant that takes all, unless told otherwise."""
    return Variant(name=name, weight=weight, model=model or served_model())


def fleet(config="config", *variants, shadows=()):
    """The variants of a configuration; without any, one that takes all."""
    return Fleet(config=config, variants=variants or (variant(),), shadows=shadows)


def endpoint(blue=None, name="scoring", **changes):
    """An endpoint in service."""
    values = {
        "name": name,
        "uid": f"u{name}",
        "status": EndpointStatus.IN_SERVICE,
        "generation": 1,
        "salt": name,
        "blue": blue or fleet(),
    }
    return ServedEndpoint(**values | changes)
