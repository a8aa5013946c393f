"""Scoring vectors by a direct invocation of the inference function: how shadows are scored.

The request has one member, ``score``: the document of a model (``model_to_json``) and vectors of
its columns. The answer is ``{"scores": [...]}``, one list for each vector, or ``{"error": "why"}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from larder.errors import ConfigurationError, LarderError, ServiceUnavailable
from larder.models.json_numbers import parsed, written
from larder.models.ports import Matrix
from larder.models.residence import Residence
from larder.models.served import ServedModel
from larder.models.served_json import model_from_json, model_to_json

MEMBER = "score"


def request(model: ServedModel, vectors: Sequence[Sequence[float]]) -> bytes:
    """The payload of the invocation that scores vectors."""
    document = {
        "model": orjson.Fragment(model_to_json(model)),
        "vectors": [written(each) for each in vectors],
    }
    return orjson.dumps({MEMBER: document})


def scores_of(answer: bytes, count: int) -> list[list[float]]:
    """The scores of an answer.

    Raises:
        ServiceUnavailable: the model refused the vectors, or the function itself failed.
    """
    try:
        members = orjson.loads(answer)
        scores = [parsed(each) for each in members["scores"]]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise ServiceUnavailable(f"no scores were answered: {_reason(answer)}") from error
    if len(scores) != count:
        raise ServiceUnavailable(f"{len(scores)} scores were answered for {count} vectors")
    return scores


def _reason(answer: bytes) -> str:
    try:
        members = orjson.loads(answer)
    except orjson.JSONDecodeError:
        members = None
    told = members.get("error") if isinstance(members, dict) else None
    return told if isinstance(told, str) else "the inference function failed; see its log"


@dataclass(frozen=True, slots=True)
class Scoring:
    """Answers such requests from the loaded models."""

    models: Residence

    def answer(self, event: Mapping[str, object]) -> dict[str, object]:
        """The answer to a request."""
        try:
            return {"scores": self._scores(event[MEMBER])}
        except LarderError as error:
            return {"error": str(error)}

    def _scores(self, given: object) -> list[object]:
        if not isinstance(given, dict):
            raise ConfigurationError(f"Member {MEMBER} must be an object of model and vectors.")
        served = model_from_json(orjson.dumps(given.get("model")))
        vectors = given.get("vectors")
        if not isinstance(vectors, list):
            raise ConfigurationError(f"Member {MEMBER}.vectors must be a list of lists.")
        try:
            rows = [parsed(each) for each in vectors]
        except ValueError as error:
            raise ConfigurationError(f"Member {MEMBER}.vectors: {error}.") from error
        if any(len(row) != served.width for row in rows):
            raise ConfigurationError(
                f"Member {MEMBER}.vectors has vectors of another width than {served.width}."
            )
        predictions = self.models.model(served).predict(Matrix.of_rows(rows, served.width))
        return [list(written(predictions.of_row(place))) for place in range(len(rows))]
