"""The time that Lambda leaves a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from larder.offline.ports import Remaining

AnswerT = TypeVar("AnswerT")


class LambdaContext(Protocol):
    """The part of Lambda's context that is used."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped."""


def in_time(
    handle: Callable[[dict[str, Any], Remaining], AnswerT], *, reserve_seconds: float
) -> Callable[[dict[str, Any], LambdaContext], AnswerT]:
    """The Lambda handler of a function that asks how many seconds remain for its work.

    ``reserve_seconds`` are kept back from the function's time for the answer, so that Lambda never
    stops it in the middle.
    """

    def handler(event: dict[str, Any], context: LambdaContext) -> AnswerT:
        def remaining() -> float:
            return context.get_remaining_time_in_millis() / 1000 - reserve_seconds

        return handle(event, remaining)

    return handler
