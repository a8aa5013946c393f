"""What travels between the states of a run: what is asked for, and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from larder.errors import ValidationError
from larder.pipelines.durations import EXAMPLES, SECOND, micros_of
from larder.pipelines.runs.items import Acceptance, IntervalItem, Publication, State
from larder.pipelines.runs.plan import Asked
from larder.pipelines.sql.statement import Interval

_MEMBERS = ("pipeline", "from", "to", "chunk", "again", "redrive")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_asked(given: Mapping[str, Any]) -> tuple[str, Asked]:
    """The pipeline and what is asked of it, of an execution's input.

    ``{"pipeline": "card", "from": "2025-01-31T12:00Z", "to": …, "chunk": "1d", "again": true}``;
    all but the first may be left out. ``redrive`` comes alone: all that failed or is blocked.

    Raises:
        ValidationError: a member is unknown, or has another form.
    """
    if unknown := sorted(set(given) - set(_MEMBERS)):
        raise ValidationError(f"{unknown[0]!r} is not one of {', '.join(_MEMBERS)}")
    name, after, until = given.get("pipeline"), given.get("from"), given.get("to")
    if not isinstance(name, str) or not name:
        raise ValidationError(f"pipeline: {name!r} must be the name of a feature group")
    if (after is None) != (until is None):
        raise ValidationError("from and to: give both, or neither for all that is due")
    chunk = None
    if given.get("chunk") is not None:
        chunk = micros_of(str(given["chunk"]))
        if chunk is None:
            raise ValidationError(f"chunk: {given['chunk']!r} must be a length: {EXAMPLES}")
    if given.get("redrive") is True:
        if beside := sorted(set(given) - {"pipeline", "redrive"}):
            raise ValidationError(f"{beside[0]} must be left out with redrive, which takes all")
        return name, Asked(redrive=True)
    interval = None
    if after is not None and until is not None:
        interval = Interval(instant("from", after), instant("to", until))
    return name, Asked(interval, chunk, again=given.get("again") is True)


def instant(member: str, text: object) -> int:
    """An instant in microseconds since the epoch.

    Raises:
        ValidationError: it is not ISO-8601 with a zone.
    """
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValidationError(
            f"{member}: {str(text)[:60]!r} must be ISO-8601 with a zone, as 2025-01-31T12:00Z"
        )
    past = moment - _EPOCH
    return (past.days * 86_400 + past.seconds) * SECOND + past.microseconds


def interval_document(interval: Interval) -> dict[str, int]:
    """An interval's bounds as JSON has them."""
    return {"after": interval.after, "until": interval.until}


def item_document(item: IntervalItem) -> dict[str, Any]:
    """A claimed interval as JSON; ``run_id`` is for people."""
    accepted = {"accepted": asdict(item.accepted)} if item.accepted else {}
    begun = {"publication": asdict(item.publication)} if item.publication else {}
    return {
        **accepted,
        **begun,
        "run_id": item.run_id,
        "pipeline": item.pipeline,
        "revision": item.revision,
        **interval_document(item.interval),
        "owner": item.owner,
        "attempts": item.attempts,
        "failures": item.failures,
    }


def item_of(document: Mapping[str, Any]) -> IntervalItem:
    """The claimed interval of a document."""
    return IntervalItem(
        pipeline=document["pipeline"],
        revision=document["revision"],
        interval=Interval(document["after"], document["until"]),
        state=State.RUNNING,
        owner=document["owner"],
        attempts=document["attempts"],
        failures=document["failures"],
        accepted=Acceptance(**document["accepted"]) if "accepted" in document else None,
        publication=Publication(**document["publication"]) if "publication" in document else None,
    )
