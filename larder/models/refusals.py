"""Why an instance can't be scored, in words for its caller."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from larder.models.scores import FeatureState, InstanceError, Status
from larder.models.served import ModelInput, ServedModel

States = dict[str, FeatureState]


class Refused(Exception):
    """This instance can't be scored; ``states`` are of the inputs that are the reason."""

    def __init__(
        self, code: str, message: str, status: int = 400, states: States | None = None
    ) -> None:
        super().__init__(message)
        self.error = InstanceError(code, message, status)
        self.states = states or {}


def recreated(name: str) -> Refused:
    """A group of another uid has the name now."""
    text = (
        f"FeatureGroup {name} was deleted and created again after the model was created: create "
        f"the model again, and an endpoint configuration with it."
    )
    return Refused("FeatureGroupChanged", text, 404)


def removed(given: ModelInput) -> Refused:
    """A group lost a feature that the model needs."""
    text = (
        f"Feature {given.feature!r} is no longer in FeatureGroup {given.group}: bring it back, "
        f"send {given.name!r} in the request, or create the model with another specification."
    )
    return Refused("FeatureRemoved", text, 404)


def not_finite(model: ServedModel) -> Refused:
    """A value is missing or infinite, and nothing says that the model takes such."""
    return Refused(
        "InvalidInput",
        f"Model {model.name} is not known to take missing or infinite values: send finite numbers, "
        f'or give its inputs defaults, or state "nan_safe" with a parity file.',
    )


def lacking(states: Mapping[str, FeatureState]) -> Refused:
    """Inputs have no value, and their policy is to fail."""
    stale = all(state.status is Status.STALE for state in states.values())
    looked_up = any(state.group for state in states.values())
    names = ", ".join(states)
    if not looked_up:
        text = f"The instance lacks {names}: send it, or give it a default in the specification."
        return Refused("InvalidInput", text, 400, dict(states))
    groups = ", ".join(dict.fromkeys(state.group for state in states.values() if state.group))
    text = (
        f"There is no {'fresh ' if stale else ''}value of {names} in {groups}, and the "
        f"specification says to fail then: write the record, send the value, or change 'missing'."
    )
    return Refused("StaleFeature" if stale else "MissingFeature", text, 404, dict(states))


def unknown(names: set[str], known: frozenset[str]) -> Refused:
    """Fields have names that no model of the endpoint knows."""
    name = min(names)
    near = get_close_matches(name, known, 3)
    hint = f"near are {', '.join(near)}" if near else f"known are {', '.join(sorted(known)[:20])}"
    text = f"Field {name[:80]!r} is unknown to this endpoint's models; {hint}."
    return Refused("InvalidInput", text)
