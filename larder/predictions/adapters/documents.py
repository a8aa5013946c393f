"""Predictions as JSON, as a deployment hands them to its functions.

A deployment writes them and its own functions read them, so the form has no number.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from larder.predictions.definition import Prediction

_DECLARED = TypeAdapter(tuple[Prediction, ...])


def to_json(predictions: Sequence[Prediction]) -> bytes:
    """The predictions, always in the same bytes."""
    return _DECLARED.dump_json(tuple(predictions), indent=1)


def from_json(body: bytes) -> dict[str, Prediction]:
    """What ``to_json`` wrote, by name."""
    return {each.name: each for each in _DECLARED.validate_json(body)}
