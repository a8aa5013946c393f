"""What is wrong with a request, all of it at once.

A problem knows its place. The API names that as AWS does
(``featureDefinitions.3.member.featureName``), and a definition file names it by its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from larder.errors import ValidationError

Path = tuple[str | int, ...]
_SHOWN_PROBLEMS = 20
_COUNTED_PROBLEMS = 1000
_SHOWN_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason to refuse a request.

    ``path`` leads to the offending member: names and positions from 0. Where ``value`` is given,
    ``text`` is the constraint that the value breaks; otherwise it is a sentence of its own.
    """

    path: Path
    text: str
    value: str | None = None

    def __str__(self) -> str:
        """The problem in the words of AWS's services."""
        if self.value is None:
            return self.text
        return (
            f"Value {self.value} at '{member(self.path)}' failed to satisfy constraint: {self.text}"
        )


def member(path: Path) -> str:
    """A path as AWS's messages spell it: lower camel case, list members from 1."""
    parts = (
        f"{part + 1}.member" if isinstance(part, int) else part[:1].lower() + part[1:]
        for part in path
    )
    return ".".join(parts) or "request"


def shown(value: object) -> str:
    """A value as a message shows it: quoted where it is text, cut where it is long."""
    if value is None:
        return "null"
    text = str(value) if isinstance(value, bool | int | float | str) else type(value).__name__
    cut = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    return f"'{cut}'"


def refuse(problems: Iterable[Problem]) -> None:
    """Do nothing where there are no problems.

    Raises:
        ValidationError: naming every problem, but no more than 20 of them; beyond 1,000 they are
            not counted. So a request of a million faults costs no more than one of a thousand.
    """
    rest: Iterator[Problem] = iter(problems)
    first = list(islice(rest, _SHOWN_PROBLEMS))
    if not first:
        return
    more = sum(1 for _ in islice(rest, _COUNTED_PROBLEMS - len(first)))
    count = len(first) + more
    noun = "validation error" if count == 1 else "validation errors"
    least = "at least " if count == _COUNTED_PROBLEMS else ""
    tail = f"; and {least}{more} more" if more else ""
    raise ValidationError(f"{count} {noun} detected: {'; '.join(map(str, first))}{tail}")
