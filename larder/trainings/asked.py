"""What an execution is asked for: a training, and what asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from larder.errors import ValidationError
from larder.trainings.runs import Trigger


@dataclass(frozen=True, slots=True)
class Asked:
    """A run that is asked for."""

    training: str
    trigger: Trigger


def read_asked(given: Mapping[str, Any]) -> Asked:
    """The input of an execution.

    Raises:
        ValidationError: it names no training, or an unknown trigger.
    """
    name, trigger = given.get("training"), given.get("trigger", Trigger.HAND)
    if not isinstance(name, str) or not name:
        raise ValidationError('training: give the name of a training, as {"training": "fraud"}')
    if trigger not in tuple(Trigger):
        known = ", ".join(Trigger)
        raise ValidationError(f"trigger: {str(trigger)[:80]!r} is not one of {known}")
    return Asked(name, Trigger(trigger))
