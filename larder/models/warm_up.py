"""The warm-up: the control plane has a model loaded and tried before its endpoint is in service.

It is a direct invocation of the inference function. The request has one member, ``warm``: the
document of a model (``model_to_json``) or of an endpoint (``to_json``), as an object. The answer is
``{"ok": true}`` or ``{"error": "why"}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import orjson

from larder.errors import ConfigurationError, LarderError
from larder.models.ports import LoadedModel, Matrix
from larder.models.residence import Residence
from larder.models.served import Cell, Fleet, ServedEndpoint, ServedModel
from larder.models.served_json import from_json, model_from_json, model_to_json, to_json
from larder.models.vectors import takes_nan

MEMBER = "warm"


def request(what: ServedModel | ServedEndpoint) -> str:
    """The payload of the invocation that warms a model, or all models of an endpoint."""
    text = to_json(what) if isinstance(what, ServedEndpoint) else model_to_json(what)
    return f'{{"{MEMBER}":{text}}}'


def failure(answer: str | bytes) -> str | None:
    """Why the warm-up failed, by the invocation's answer; ``None`` where all is well.

    What is no answer of a warm-up is a failure too: the function itself failed.
    """
    try:
        members = orjson.loads(answer)
    except orjson.JSONDecodeError:
        members = None
    if isinstance(members, dict) and members.get("ok") is True:
        return None
    if isinstance(members, dict) and isinstance(members.get("error"), str):
        return str(members["error"])
    return "The inference function failed at the warm-up; its log has the reason."


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Loads models and scores a row of zeros, and a row of NaN where the model takes NaN."""

    models: Residence

    def answer(self, event: Mapping[str, object]) -> dict[str, object]:
        """The answer to a request."""
        try:
            for model in _models(event[MEMBER]):
                self._try(model)
        except LarderError as error:
            return {"error": str(error)}
        return {"ok": True}

    def _try(self, served: ServedModel) -> None:
        model = self.models.model(served)
        rows = [_row(0.0, model)]
        if takes_nan(served):
            rows.append(_row(nan, model))
        model.predict(Matrix.of_rows(rows, served.width))


def _row(number: float, model: LoadedModel) -> list[Cell]:
    return ["" if place in model.texts else number for place in range(model.width)]


def _models(document: object) -> list[ServedModel]:
    if not isinstance(document, dict):
        raise ConfigurationError(f"Member {MEMBER} must be the document of a model or an endpoint.")
    text = orjson.dumps(document)
    if "endpoint" not in document:
        return [model_from_json(text)]
    endpoint = from_json(text)
    fleets: list[Fleet] = [endpoint.blue, *([endpoint.green] if endpoint.green else [])]
    return [each.model for fleet in fleets for each in (*fleet.variants, *fleet.shadows)]
