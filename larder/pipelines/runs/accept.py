"""The use case of an acceptance: a person has the rows of a blocked run published as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from larder.errors import ValidationError
from larder.pipelines.definition import Pipeline
from larder.pipelines.durations import MINUTE
from larder.pipelines.runs.items import (
    LEASE,
    Acceptance,
    Claim,
    IntervalItem,
    State,
    micros_of_stamp,
)
from larder.pipelines.runs.plan import Runs

LONGEST_REASON: Final = 500
_MEMBERS: Final = ("pipeline", "accept", "reason", "by")
_RUN_ID: Final = re.compile(
    r"(?P<pipeline>.+)-r(?P<revision>\d+)-(?P<after>\d{8}T\d{4})-\d{8}T\d{4}-(?P<attempt>\d+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The run that is accepted, in its parts, and why. ``by`` is who says so."""

    run_id: str
    pipeline: str
    revision: int
    after: str
    attempt: int
    by: str
    reason: str

    @property
    def input(self) -> dict[str, str]:
        """The input of the execution that publishes it."""
        return {
            "pipeline": self.pipeline,
            "accept": self.run_id,
            "reason": self.reason,
            "by": self.by,
        }


def read_accepted(given: Mapping[str, Any]) -> Accepted:
    """What an execution's input accepts: ``{"accept": run, "reason": text, "by": ARN}``.

    Raises:
        ValidationError: the run's id has another form, or there is no reason.
    """
    if unknown := sorted(set(given) - set(_MEMBERS)):
        raise ValidationError(f"{unknown[0]!r} is not one of {', '.join(_MEMBERS)}")
    run_id, reason = str(given.get("accept")), str(given.get("reason") or "").strip()
    found = _RUN_ID.fullmatch(run_id)
    if found is None:
        raise ValidationError(
            f"run: {run_id[:120]!r} is no run's id: larder pipeline status shows those of blocked "
            "intervals, as card-r1-20250131T1200-20250131T1300-1"
        )
    if given.get("pipeline", found["pipeline"]) != found["pipeline"]:
        raise ValidationError(f"pipeline: {found['pipeline']!r} is of run {run_id!r}: name it")
    _check_reason(reason)
    return Accepted(
        run_id,
        found["pipeline"],
        int(found["revision"]),
        found["after"],
        int(found["attempt"]),
        str(given.get("by") or "unknown"),
        reason,
    )


def _check_reason(reason: str) -> None:
    if not 0 < len(reason) <= LONGEST_REASON:
        raise ValidationError(
            f"reason: say in 1 to {LONGEST_REASON} characters why these rows are right "
            f"(it has {len(reason)})"
        )


def accepted_interval(runs: Runs, pipeline: Pipeline, accepted: Accepted) -> IntervalItem | None:
    """The blocked interval; ``None`` where the run's rows are published already.

    Raises:
        ValidationError: the run is not blocked: it is unknown, or another one came after it. Or
            the definition has another revision by now.
    """
    if accepted.revision != pipeline.revision:
        raise ValidationError(
            f"run: {accepted.run_id!r} is of revision {accepted.revision}, and the definition is "
            f"of {pipeline.revision}: its rows would be wrong by now"
        )
    item = _item_of(runs, accepted)
    if item is None:
        raise ValidationError(f"run: {accepted.run_id!r} is not in the ledger")
    is_done = item.accepted is not None and item.accepted.attempt == accepted.attempt
    if item.state is State.PUBLISHED and is_done:
        return None
    if item.state is not State.BLOCKED or item.attempts != accepted.attempt:
        raise ValidationError(
            f"run: {accepted.run_id!r} is not blocked: its interval is {item.state} by attempt "
            f"{item.attempts}. Only the last attempt of a blocked interval can be accepted"
        )
    return item


def claim_accepted(
    runs: Runs, item: IntervalItem, owner: str, acceptance: Acceptance
) -> IntervalItem | None:
    """Take the interval to publish the accepted rows; ``None`` where it is blocked no more."""
    now = runs.clock()
    claim = Claim(owner, now, (State.BLOCKED,), accepts=acceptance.attempt)
    taken = runs.ledger.claim(item, claim, now + LEASE)
    return None if taken is None else replace(taken, accepted=acceptance)


def _item_of(runs: Runs, accepted: Accepted) -> IntervalItem | None:
    """The ledger's item of a run. Its id has the interval's bounds in minutes."""
    try:
        after = micros_of_stamp(accepted.after)
    except ValueError:
        return None
    wanted = accepted.run_id.rpartition("-")[0]
    for item in runs.ledger.intervals(accepted.pipeline, accepted.revision, after):
        if item.interval.after >= after + MINUTE:
            return None
        if item.run_id.rpartition("-")[0] == wanted:
            return item
    return None
