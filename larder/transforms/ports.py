"""What transform jobs need from outside: objects, the model's answers, and a place for notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from larder.transforms.shards import Found, Plan, Shard

Remaining = Callable[[], float]
"""Seconds that are left."""
Write = Callable[[bytes], None]
"""Appends bytes to an object that is being written."""


class Answers(Protocol):
    """A model that answers requests."""

    def of(self, body: bytes) -> bytes:
        """The answer to one request.

        Raises:
            ModelError: the model refused it; of status 503 where a store did not answer.
        """


class Inputs(Protocol):
    """Objects that jobs read.

    Raises:
        BadInput: there is no such object any more, another one has its name, or it can't be read.
        ServiceUnavailable, ThrottlingException: the store did not answer.
    """

    def found(self, address: str) -> Iterator[Found]:
        """The objects whose addresses begin so, by name."""

    def one(self, address: str) -> Found:
        """The object of that address."""

    def read(self, shard: Shard) -> Iterator[bytes]:
        """The bytes of its object, from one before its start to the object's end."""


class Outputs(Protocol):
    """Objects that jobs write: each is there with all its bytes, or not at all."""

    def write(self, address: str) -> AbstractContextManager[Write]:
        """An object that is made when the block ends without an error."""

    def join(self, address: str, parts: Sequence[str]) -> None:
        """Make an object of the bytes of others, in their order."""


class Notes(Protocol):
    """What a job remembers of its own: its plan, and what became of its pieces.

    Pieces are known by texts. All methods raise as ``Inputs``.
    """

    def part(self, uid: str, piece: str) -> str:
        """The address for the output of a piece of an object."""

    def plan(self, uid: str) -> Plan | None:
        """The plan that was kept first; ``None`` without one."""

    def keep_plan(self, uid: str, plan: Plan) -> None:
        """Keep a plan, unless there is one."""

    def manifests(self, uid: str, plan: Plan) -> tuple[str, str]:
        """Write down a plan's tasks and what is joined, for a machine; the addresses of the two."""

    def done(self, uid: str, piece: str) -> None:
        """Note that a piece is finished."""

    def fail(self, uid: str, piece: str, reason: str) -> None:
        """Note that a piece can't be finished, and why."""

    def is_over(self, uid: str, piece: str) -> bool:
        """Whether a piece is finished or has failed."""

    def finished(self, uid: str, under: str = "") -> set[str]:
        """The pieces that are finished, of those whose texts begin with ``under``."""

    def failed(self, uid: str) -> dict[str, str]:
        """The pieces that failed, each with its reason."""


class JobMachine(Protocol):
    """What does the work of a job."""

    def start(self, name: str, uid: str) -> None:
        """Begin with the job of that name and identity; nothing where it has begun.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: it was not begun.
        """
