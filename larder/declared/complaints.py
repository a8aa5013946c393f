"""What is wrong with a definition file, in lines ``file:line: member: problem``."""

from __future__ import annotations

from typing import Any

from larder.declared.yaml_lines import Located
from larder.problems import Path as MemberPath
from larder.problems import Problem


def members_of(located: Located) -> dict[str, Any]:
    """The members that are there: a name without a value is no member."""
    assert isinstance(located.value, dict)  # noqa: S101 (its shape was checked)
    return {name: value for name, value in located.value.items() if value is not None}


def complaint(file: str, located: Located, problem: Problem) -> str:
    """The line of a problem, whose path leads to a member of the file."""
    text = problem.text
    if problem.value is not None:
        text = f"{text} (it is {problem.value})"
    return f"{file}:{located.line(problem.path)}: {_dotted(problem.path)}: {text}"


def _dotted(path: MemberPath) -> str:
    dotted = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return dotted.removeprefix(".") or "file"
