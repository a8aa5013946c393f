"""How execution environments of the data plane's function are made: a choice of the stage."""

from dataclasses import dataclass
from enum import Enum
from typing import Self

from aws_cdk import aws_lambda as lambda_

from larder.errors import ConfigurationError

_ALIAS = "live"


class Start(Enum):
    """When a request finds no environment free: start one, or restore one from a snapshot."""

    ON_DEMAND = "on_demand"
    SNAP_START = "snap_start"


@dataclass(frozen=True, slots=True)
class Provisioned:
    """So many environments are kept started; further ones start on demand."""

    environments: int

    def __post_init__(self) -> None:
        """Refuse a number of environments below 1."""
        if self.environments < 1:
            raise ConfigurationError(
                f"runtime_start: provisioned:{self.environments} must keep 1 environment at least; "
                "to keep none choose on_demand."
            )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The choice in ``provisioned:N``; ``None`` where the text is of another form."""
        name, _, number = text.partition(":")
        return cls(int(number)) if name == "provisioned" and number.isdecimal() else None


RuntimeStart = Start | Provisioned


def runtime_start(text: str) -> RuntimeStart:
    """The choice that ``-c runtime_start=`` names.

    Raises:
        ConfigurationError: it names no choice.
    """
    named = next((each for each in Start if each.value == text), None) or Provisioned.read(text)
    if named is None:
        raise ConfigurationError(
            f"runtime_start: {text!r} is not one of {', '.join(each.value for each in Start)}, "
            "provisioned:N"
        )
    return named


def as_text(start: RuntimeStart) -> str:
    """The text that ``runtime_start`` reads back."""
    return start.value if isinstance(start, Start) else f"provisioned:{start.environments}"


def live_alias(
    function: lambda_.Function, start: RuntimeStart = Start.ON_DEMAND
) -> lambda_.IFunction:
    """What the API and the Function URL invoke: the alias of the function's newest version.

    A version never changes, so that a request runs on code and configuration of one deployment. The
    stack makes a new version whenever either changes, and moves the alias. Lambda takes snapshots
    of published versions only, and keeps environments of a version or an alias.
    """
    kept = start.environments if isinstance(start, Provisioned) else None
    return function.add_alias(_ALIAS, provisioned_concurrent_executions=kept)
