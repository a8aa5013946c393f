"""Texts of definition files that mean something else: lengths, and schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from larder.pipelines.definition import Schedule
from larder.pipelines.durations import EXAMPLES, micros_of
from larder.problems import Path, Problem, shown

Members = Mapping[str, Any]


@dataclass(slots=True)
class TextReader:
    """Reads them; ``problems`` are those that can't be read, and members that exclude others."""

    problems: list[Problem] = field(default_factory=list, kw_only=True)

    def one_of(self, given: Members, names: Sequence[str], path: Path) -> str | None:
        """The only one of some members that is there; ``None``, and a problem, otherwise."""
        there = [name for name in names if given.get(name)]
        if len(there) == 1:
            return there[0]
        text = f"Member must have exactly one of [{', '.join(names)}]"
        self.problems.append(Problem(path, text, f"of {', '.join(there) or 'none'}"))
        return None

    def length(self, text: str | None, path: Path) -> int | None:
        """A length of time in microseconds; ``None`` where no text is given."""
        if text is None:
            return None
        found = micros_of(text)
        if found is None:
            self.problems.append(Problem(path, f"Member must be a length: {EXAMPLES}", shown(text)))
        return found

    def schedule(self, given: Members, names: Sequence[str], path: Path) -> Schedule:
        """A schedule of which one member of ``names`` says when."""
        self.one_of(given, names, path)
        if given.get("timezone") and not given.get("cron"):
            text = "Member must be left out without cron: a length has no time zone"
            where = (*path, "timezone")
            self.problems.append(Problem(where, text, shown(given["timezone"])))
        every = self.length(given.get("every"), (*path, "every"))
        return Schedule(every, given.get("cron"), given.get("timezone"))
