"""Trainings as JSON, as a deployment hands them to its functions.

A deployment writes them and its own functions read them, so the form has no number.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from larder.trainings.definition import Training

_DECLARED = TypeAdapter(tuple[Training, ...])


def to_json(trainings: Sequence[Training]) -> bytes:
    """The trainings, always in the same bytes."""
    return _DECLARED.dump_json(tuple(trainings), indent=1)


def from_json(body: bytes) -> dict[str, Training]:
    """What ``to_json`` wrote, by name."""
    return {each.name: each for each in _DECLARED.validate_json(body)}
