"""Which file of an MLflow model is served, by its ``MLmodel``.

Source: MLflow, "MLflow Models", and what its version 3.17 writes. ``python_function`` alone is
code, which Larder does not run.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from larder.errors import ValidationError
from larder.models.archive import ModelFile
from larder.models.served import Runtime

FILE: Final = "MLmodel"
MAX_BYTES: Final = 2**20
_FLAVORS: Final = {
    "xgboost": Runtime.XGBOOST,
    "onnx": Runtime.ONNX,
    "lightgbm": Runtime.LIGHTGBM,
}
"""Flavors that are served, of which the first that a model has counts."""
_CURE: Final = "log the model with mlflow.onnx, mlflow.xgboost or mlflow.lightgbm"
_SAME_NUMBERS: Final = ("Booster", "Regressor", "Ranker")
"""Ends of classes whose ``predict`` gives what the booster gives. A classifier's gives labels."""


@dataclass(frozen=True, slots=True)
class MlModel:
    """The served file of an MLflow model; ``columns`` are its signature's, or empty."""

    flavor: str
    runtime: Runtime
    file: ModelFile
    columns: tuple[str, ...] = ()


def mlmodel_of(value: object, files: Sequence[ModelFile]) -> MlModel:
    """What the parsed ``MLmodel`` says of the files beside it.

    Raises:
        ValidationError: it has no flavor that is served, or the flavor's file is not there. Or the
            flavor's ``predict`` gives other values than the file's model.
    """
    flavors = _mapping(value).get("flavors")
    if not isinstance(flavors, Mapping) or not flavors:
        raise ValidationError(f"{FILE} has no member flavors: {_CURE}.")
    name = next((each for each in _FLAVORS if each in flavors), None)
    if name is None:
        raise ValidationError(
            f"{FILE} has the flavors {', '.join(map(str, flavors))[:300]}, and Larder runs no "
            f"Python of yours: {_CURE}."
        )
    flavor = _mapping(flavors[name])
    _check_class(name, flavor)
    return MlModel(name, _FLAVORS[name], _data(name, flavor, files), _columns(_mapping(value)))


def _check_class(name: str, flavor: Mapping[object, object]) -> None:
    made = flavor.get("model_class")
    if made is not None and not str(made).endswith(_SAME_NUMBERS):
        raise ValidationError(
            f"{FILE}: flavor {name} has the class {str(made)[:200]}, whose predict gives other "
            f"values than its booster. Log the booster: mlflow.{name}.log_model("
            f"{'model.booster_' if name == 'lightgbm' else 'model.get_booster()'})."
        )


def _data(name: str, flavor: Mapping[object, object], files: Sequence[ModelFile]) -> ModelFile:
    given = flavor.get("data")
    if not isinstance(given, str) or not given:
        raise ValidationError(f"{FILE}: flavor {name} names no data file: log the model again.")
    wanted = posixpath.normpath(given)
    found = next((file for file in files if file.name == wanted), None)
    if found is None:
        raise ValidationError(
            f"{FILE}: flavor {name} names the file {given[:200]!r}, which is not among the model "
            f"data: pack the model's whole folder."
        )
    return found


def _columns(value: Mapping[object, object]) -> tuple[str, ...]:
    """The names of the signature's inputs, where it names all of them."""
    inputs = _mapping(value.get("signature")).get("inputs")
    try:
        columns = orjson.loads(inputs) if isinstance(inputs, str) else None
    except orjson.JSONDecodeError:
        return ()
    if not isinstance(columns, list):
        return ()
    named = [each["name"] for each in columns if isinstance(each, dict) and "name" in each]
    names = tuple(each for each in named if isinstance(each, str))
    return names if len(names) == len(columns) else ()


def _mapping(value: object) -> Mapping[object, object]:
    return value if isinstance(value, Mapping) else {}
