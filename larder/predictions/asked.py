"""What a run is asked for: an execution's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from larder.errors import ValidationError
from larder.pipelines.durations import MINUTE
from larder.pipelines.runs.documents import instant
from larder.pipelines.runs.items import AGAIN, DUE, NAMED, State

_MEMBERS: Final = ("prediction", "as_of", "again", "redrive")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a prediction.

    Attributes:
        prediction: its name.
        as_of: the run's instant; ``None`` for this minute, or with ``redrive`` for the newest run
            that failed.
        again: score a run again that is published. Its rows become corrections of equal value.
        redrive: score what failed of a run, and nothing else.
    """

    prediction: str
    as_of: int | None = None
    again: bool = False
    redrive: bool = False

    @property
    def takes(self) -> tuple[State, ...]:
        """The states in which a run is claimed."""
        if self.again:
            return AGAIN
        return NAMED if self.redrive or self.as_of is not None else DUE


def read_asked(given: Mapping[str, Any]) -> Asked:
    """What an execution's input asks for.

    ``{"prediction": "credit", "as_of": "2025-01-31T12:00Z", "again": true}``; all but the first
    may be left out.

    Raises:
        ValidationError: a member is unknown, or has another form.
    """
    if unknown := sorted(set(given) - set(_MEMBERS)):
        raise ValidationError(f"{unknown[0]!r} is not one of {', '.join(_MEMBERS)}")
    name, again, redrive = given.get("prediction"), given.get("again"), given.get("redrive")
    if not isinstance(name, str) or not name:
        raise ValidationError(f"prediction: {name!r} must be the name of a prediction")
    if again is True and redrive is True:
        raise ValidationError("again: leave it out with redrive, which scores what failed alone")
    as_of = None if given.get("as_of") is None else instant("as_of", given["as_of"])
    if as_of is not None and as_of % MINUTE:
        raise ValidationError(f"as_of: {given['as_of']!r} must be a whole minute")
    return Asked(name, as_of, again is True, redrive is True)
