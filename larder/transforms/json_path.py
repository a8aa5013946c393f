"""The part of JSONPath that SageMaker's batch transform knows, on JSON and on lists of cells.

``$``, ``.name``, ``.*``, ``['a','b']``, ``[n]``, ``[n,m]`` and ``[a:b]``, with negative numbers
that count from the end. Source: AWS, "Associate Prediction Results with Input Records". The end of
a range is included, as that text says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(
    r"\.(?P<name>[^.\[\]\s'\"*]+)|(?P<all>\.\*)|\[(?P<numbers>[-\d:,\s]+)\]"
    r"|\[(?P<names>\s*'[^']*'(?:\s*,\s*'[^']*')*\s*)\]"
)
_NUMBER = re.compile(r"-?\d+")
_RANGE = re.compile(r"(-?\d*):(-?\d*)")
_QUOTED = re.compile(r"'([^']*)'")


class BadPath(ValueError):
    """The text is no path of this subset; the message says so as SageMaker does."""


class NotFound(ValueError):
    """A value has not what a path names."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of places: from ``first`` to ``last``, both included; ``None`` is the end."""

    first: int | None
    last: int | None

    def places(self, count: int) -> range:
        """The places that it names in a list of ``count`` elements."""
        first = 0 if self.first is None else self.first
        last = count - 1 if self.last is None else self.last
        begin = first + count if first < 0 else first
        end = last + count if last < 0 else last
        return range(max(0, begin), min(count - 1, end) + 1)


Step = str | tuple[str, ...] | tuple[int | Span, ...] | None
"""A member, several members, places, or ``None`` for all there is."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path that was read; ``text`` is how it was written."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> JsonPath:
        """The path that a text spells.

        Raises:
            BadPath: it spells none, or has more than one range between two brackets.
        """
        if not text.startswith("$"):
            raise BadPath(f"Invalid JsonPath: {text}: it must begin with $")
        steps: list[Step] = []
        at = 1
        while at < len(text):
            match = _STEP.match(text, at)
            if match is None:
                raise BadPath(
                    f"Invalid JsonPath: {text}: what begins at character {at + 1} must be one of "
                    ".name, .*, ['name'], [1], [0,2] and [1:5]"
                )
            steps.append(_step(text, match))
            at = match.end()
        return cls(text, tuple(steps))

    @property
    def is_whole(self) -> bool:
        """Whether it names the whole value."""
        return not self.steps

    @property
    def has_names(self) -> bool:
        """Whether it names members, which a row of CSV has not."""
        return any(isinstance(each, str) or _are_names(each) for each in self.steps)

    def of(self, value: Any) -> Any:  # noqa: ANN401 - a value of JSON
        """What the path names in a value.

        Raises:
            NotFound: the value has no such member or element.
        """
        for step in self.steps:
            value = _taken(step, value, self.text)
        return value


def _step(text: str, match: re.Match[str]) -> Step:
    if match["all"]:
        return None
    if match["name"] is not None:
        return match["name"]
    if match["names"] is not None:
        names = tuple(_QUOTED.findall(match["names"]))
        return names[0] if len(names) == 1 else names
    parts = tuple(_place(text, each.strip()) for each in match["numbers"].split(","))
    if sum(isinstance(each, Span) for each in parts) > 1:
        raise BadPath(
            f"Invalid JsonPath: {text}: only single range filters of format (eg: [1:5]) are "
            "supported"
        )
    return parts


def _place(text: str, part: str) -> int | Span:
    if _NUMBER.fullmatch(part):
        return int(part)
    match = _RANGE.fullmatch(part)
    if match is None:
        raise BadPath(f"Invalid JsonPath: {text}: {part!r} is neither a number nor a range")
    return Span(*(int(each) if each else None for each in match.groups()))


def _are_names(step: Step) -> bool:
    return isinstance(step, tuple) and isinstance(step[0], str)


def _taken(step: Step, value: Any, text: str) -> Any:  # noqa: ANN401
    if step is None:
        return list(value.values()) if isinstance(value, dict) else _listed(value, text)
    if isinstance(step, str):
        return _member(value, step, text)
    if _are_names(step):
        return {str(name): _member(value, str(name), text) for name in step}
    return _elements(step, _listed(value, text), text)


def _member(value: object, name: str, text: str) -> object:
    if not isinstance(value, dict) or name not in value:
        raise NotFound(f"{text} names {name!r}, which the record has not")
    return value[name]


def _listed(value: Any, text: str) -> list[Any]:  # noqa: ANN401
    if not isinstance(value, list):
        raise NotFound(f"{text} asks for elements, and the record has no list there")
    return value


def _elements(step: Sequence[object], value: list[Any], text: str) -> Any:  # noqa: ANN401
    taken: list[Any] = []
    for place in step:
        if isinstance(place, Span):
            taken += [value[at] for at in place.places(len(value))]
        elif isinstance(place, int) and -len(value) <= place < len(value):
            taken.append(value[place])
        else:
            raise NotFound(f"{text} names element {place} of {len(value)}")
    return taken[0] if len(step) == 1 and isinstance(step[0], int) else taken
