"""Who may read, write or administer a feature group: grants to principals, named by ARN patterns.

A pattern is an ARN of IAM or STS in which ``*`` matches any run of characters but ``:``. A ``*``
alone is for everybody. A session of a role is the role too: ``…:assumed-role/Name/session`` matches
what is granted to ``…:role/Name``. A session's ARN has no path, so of a role with a path the name
alone is compared. A pattern with both a path and a ``*`` is refused: it could not be checked.
``…:root`` is the root user, not the whole account as in an IAM policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MAX_PATTERNS = 100
EVERYBODY = "*"
_LONGEST = 2048
_PARTITION = re.compile(r"aws[a-z-]*|\*", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}|\*", re.ASCII)
_RESOURCES = {
    "iam": re.compile(r"\*|root|(user|role)/[\w+=,.@*/-]+", re.ASCII),
    "sts": re.compile(r"\*|(assumed-role|federated-user)/[\w+=,.@*/-]+", re.ASCII),
}


class Right(StrEnum):
    """What may be done with a group.

    ``SEE`` its definition: every other right includes it. ``ADMIN`` includes all others.
    """

    SEE = "see"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Grants:
    """Patterns of the principals that have each right."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    admin: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is granted to anybody."""
        return bool(self.read or self.write or self.admin)

    def __add__(self, other: Grants) -> Grants:
        """What either grants."""
        return Grants(self.read + other.read, self.write + other.write, self.admin + other.admin)

    def patterns(self, right: Right) -> tuple[str, ...]:
        """The patterns that give a right, by itself or by including it."""
        match right:
            case Right.SEE:
                return self.read + self.write + self.admin
            case Right.READ:
                return self.read + self.admin
            case Right.WRITE:
                return self.write + self.admin
            case Right.ADMIN:
                return self.admin


class Principals:
    """Patterns made ready: matching takes time linear in the ARN, whatever the pattern."""

    __slots__ = ("_everybody", "_exact", "_loose")

    def __init__(self, patterns: Iterable[str]) -> None:
        bare = {_without_path(pattern) for pattern in patterns}
        self._everybody = EVERYBODY in bare
        self._exact = frozenset(pattern for pattern in bare if "*" not in pattern)
        self._loose = [pattern.split(":", 5) for pattern in bare - self._exact - {EVERYBODY}]

    def include(self, caller: str) -> bool:
        """Whether a caller, by its ARN, is among them."""
        if self._everybody:
            return True
        names = _names_of(caller)
        if not self._exact.isdisjoint(names):
            return True
        fields = [name.split(":", 5) for name in names] if self._loose else []
        return any(_fits(pattern, name) for pattern in self._loose for name in fields)


def pattern_problem(pattern: str) -> str | None:
    """Why a text is no pattern, as the constraint that it breaks; ``None`` if it is one."""
    if pattern == EVERYBODY:
        return None
    fields = pattern.split(":", 5)
    allowed = _RESOURCES.get(fields[2]) if len(fields) == 6 else None
    well_formed = (
        allowed is not None
        and len(pattern) <= _LONGEST
        and (fields[0], fields[3]) == ("arn", "")
        and _PARTITION.fullmatch(fields[1])
        and _ACCOUNT.fullmatch(fields[4])
        and allowed.fullmatch(fields[5])
    )
    if not well_formed:
        return (
            "Member must be * or the ARN of an IAM user or role (arn:aws:iam::123456789012:role/"
            "Name) or of an STS session, with * for any run of characters but :"
        )
    if fields[5].startswith("role/") and fields[5].count("/") > 1 and "*" in pattern:
        return (
            "Member must name a role without its path where it has a *: a role's session has no "
            "path in its ARN"
        )
    return None


def _names_of(caller: str) -> tuple[str, ...]:
    """The caller's ARN and, of a session, that of its role."""
    fields = caller.split(":", 5)
    if len(fields) == 6 and fields[5].startswith("assumed-role/"):
        role = fields[5].split("/")[1]
        return (caller, f"arn:{fields[1]}:iam::{fields[4]}:role/{role}")
    return (caller,)


def _without_path(pattern: str) -> str:
    head, kind, name = pattern.partition(":role/")
    return f"{head}{kind}{name.rpartition('/')[2]}"


def _fits(pattern: list[str], name: list[str]) -> bool:
    return len(name) == len(pattern) and all(map(_field_fits, pattern, name))


def _field_fits(pattern: str, text: str) -> bool:
    head, *rest = pattern.split("*")
    if not rest:
        return text == head
    *middle, tail = rest
    if not text.startswith(head) or not text.endswith(tail):
        return False
    start, end = len(head), len(text) - len(tail)
    for part in middle:
        found = text.find(part, start, end)
        if found < 0:
            return False
        start = found + len(part)
    return start <= end
