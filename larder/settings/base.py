"""How a function's environment is written by the stacks and read by the function.

A stack builds the instance and passes ``to_env()`` to the function; the function calls
``from_env()``. A variable's name is derived from its field in one place and cannot be spelled
differently on the two sides. Values that are CDK tokens at synth are strings; keep them ``str``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Self, get_type_hints

from larder.errors import ConfigurationError

_PREFIX = "LARDER_"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_KINDS: Mapping[object, tuple[Callable[[str], object], str]] = {
    str: (str, "a text"),
    int: (int, "a whole number"),
    float: (float, "a number"),
    tuple[str, ...]: (_listed, "names between spaces"),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of the settings classes.

    Fields are ``str``, ``int``, ``float`` or ``tuple[str, ...]``. A tuple's members are written
    between spaces, so none of them may contain white space. ``stage`` is the stage that a function
    belongs to, a dimension of its metrics; it is empty in a process that belongs to none.
    """

    stage: str = ""

    def to_env(self) -> dict[str, str]:
        """The environment variables that ``from_env`` reads back into an equal instance.

        Raises:
            ConfigurationError: a member of a list is empty or contains white space.
        """
        return {
            _variable(field.name): _text(field.name, getattr(self, field.name))
            for field in fields(self)
        }

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Parse the environment.

        Raises:
            ConfigurationError: variables are absent or do not parse; all of them are named.
        """
        hints = get_type_hints(cls)
        values: dict[str, Any] = {}
        problems: list[str] = []
        for field in fields(cls):
            name = _variable(field.name)
            if name not in env:
                if field.default is MISSING:
                    problems.append(f"{name} is not set")
                continue
            parse, kind = _KINDS[hints[field.name]]
            try:
                values[field.name] = parse(env[name])
            except ValueError:
                problems.append(f"{name} is {env[name]!r}, which is not {kind}")
        if problems:
            raise ConfigurationError("; ".join(problems))
        return cls(**values)


def _variable(field: str) -> str:
    return _PREFIX + field.upper()


def _text(field: str, value: object) -> str:
    if not isinstance(value, tuple):
        return str(value)
    for member in value:
        if not member or member.split() != [member]:
            raise ConfigurationError(
                f"{field}: {member!r} must not be empty nor contain white space, which separates "
                f"the members in {_variable(field)}"
            )
    return " ".join(value)
