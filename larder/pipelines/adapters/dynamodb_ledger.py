"""The ledger of pipelines as items of the registry table.

    P             <pipeline>                    its position: r revision, u published_until, p
                                                whether it is paused, x snapshots of source tables,
                                                d late events that were too old, m fingerprints
                                                of the definition that rows were published by
    P#<pipeline>  I#<revision>#<after>#<until>  an interval: s state, o owner, l lease, a attempts,
                                                t failures, n rows, e cause, c when it was
                                                changed, k record identifiers, h whether it helps
                                                to pause, v whose rows were accepted: a attempt, b
                                                by whom, w why; g a
                                                publication that began: a attempt, s who staged

The ledger of predictions has ``PR`` in place of ``P``, and each run's minute as an interval.

Numbers of sort keys have 20 digits and are counted from the year 1, so that they sort as texts.
Items are changed by DynamoDB's own updates. So attributes of a newer release stay.

Formats ``pipeline-position`` and ``pipeline-interval`` (decision 0192); ``f`` is the number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from larder.aws.dynamodb.api import ConditionFailed, DynamoApi
from larder.formats import Format
from larder.pipelines.runs.items import (
    Acceptance,
    Claim,
    IntervalItem,
    Position,
    Publication,
    State,
)
from larder.pipelines.sql.statement import Interval

Attributes = dict[str, Any]
POSITION: Final = Format("pipeline-position")
INTERVAL: Final = Format("pipeline-interval")
PIPELINES: Final = "P"
PREDICTIONS: Final = "PR"
_YEAR_1: Final = 62_135_596_800 * 1_000_000
_HELD: Final = "s = :running AND o = :owner AND a = :attempts"
_ACCEPTED: Final = "(s = :running AND o = :owner) OR (s = :blocked AND a = :accepts)"
_FREE: Final = (
    "attribute_not_exists(pk) OR (s = :running AND (o = :owner OR l < :now)) OR s IN ({})"
)


@dataclass(frozen=True, slots=True)
class DynamoLedger:
    """Implements ``larder.pipelines.runs.ledger.Ledger``.

    ``of`` tells the ledger of pipelines from that of predictions.
    """

    dynamodb: DynamoApi
    table_name: str
    of: str = PIPELINES

    def position(self, pipeline: str) -> Position | None:
        request = {
            "TableName": self.table_name,
            "Key": position_key(pipeline, self.of),
            "ConsistentRead": True,
        }
        found = self.dynamodb.call("GetItem", request).get("Item")
        return position_of(found) if found else None

    def positions(self) -> Iterator[Position]:
        request: Attributes = {
            "TableName": self.table_name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": self.of}},
            "ConsistentRead": True,
        }
        yield from map(position_of, self._queried(request))

    def move(self, position: Position) -> None:
        values = {":r": _number(position.revision), ":u": _number(position.published_until)}
        change = "SET r = :r, u = :u"
        if position.made_of:
            digests = {name: {"S": digest} for name, digest in position.made_of.items()}
            change, values[":m"] = f"{change}, m = :m", {"M": digests}
        self._update(position_key(position.pipeline, self.of), change, values)

    def note_reads(self, pipeline: str, reads: Mapping[str, int], dropped: int) -> None:
        tables = {table: _number(snapshot) for table, snapshot in reads.items()}
        values = {":x": {"M": tables}, ":d": _number(dropped)}
        self._update(position_key(pipeline, self.of), "SET x = :x, d = :d", values)

    def pause(self, pipeline: str, paused: bool) -> bool:
        values = {":p": {"BOOL": paused}}
        there = "attribute_exists(pk)"
        key = position_key(pipeline, self.of)
        return self._update(key, "SET p = :p", values, there) is not None

    def intervals(self, pipeline: str, revision: int, after: int) -> Iterator[IntervalItem]:
        first = f"{_prefix(revision)}{_sortable(after)}"
        request: Attributes = {
            "TableName": self.table_name,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": {"S": f"{self.of}#{pipeline}"},
                ":first": {"S": first},
                ":last": {"S": f"{_prefix(revision)}~"},
            },
            "ConsistentRead": True,
        }
        yield from map(interval_of, self._queried(request))

    def claim(self, item: IntervalItem, claim: Claim, lease_until: int) -> IntervalItem | None:
        values = {
            ":running": {"S": State.RUNNING},
            ":owner": {"S": claim.owner},
            ":now": _number(claim.now),
            ":lease": _number(lease_until),
            ":none": _number(0),
            ":one": _number(1),
            **{f":{state}": {"S": state} for state in claim.takes},
        }
        change = (
            "SET s = :running, o = :owner, l = :lease, c = :now, a = if_not_exists(a, :none) + :one"
        )
        free = _FREE.format(", ".join(f":{state}" for state in claim.takes))
        if claim.accepts is not None:
            free = _ACCEPTED
            values[":accepts"] = _number(claim.accepts)
        taken = self._update(interval_key(item, self.of), change, values, free)
        return interval_of(taken) if taken else None

    def reopen(self, item: IntervalItem) -> bool:
        values = {
            ":due": {"S": State.DUE},
            ":published": {"S": State.PUBLISHED},
            ":attempts": _number(item.attempts),
        }
        unchanged = "s = :published AND a = :attempts"
        key = interval_key(item, self.of)
        return self._update(key, "SET s = :due", values, unchanged) is not None

    def renew(self, item: IntervalItem, lease_until: int) -> bool:
        values, change = {":lease": _number(lease_until), **_holder(item)}, "SET l = :lease"
        if (began := _publication_attribute(item)) is not None:
            values[":g"], change = began, f"{change}, g = :g"
        return self._update(interval_key(item, self.of), change, values, _HELD) is not None

    def end(self, item: IntervalItem) -> bool:
        values = {
            ":state": {"S": item.state},
            ":cause": {"S": item.cause},
            ":changed": _number(item.changed),
            ":failures": _number(item.failures),
            **_holder(item),
        }
        change, gone = "SET s = :state, e = :cause, c = :changed, t = :failures", []
        for name, value in _optional(item).items():
            if value is None:
                gone.append(name)
            else:
                change, values[f":{name}"] = f"{change}, {name} = :{name}", value
        change += f" REMOVE {', '.join(gone)}" if gone else ""
        return self._update(interval_key(item, self.of), change, values, _HELD) is not None

    def _queried(self, request: Attributes) -> Iterator[Attributes]:
        while True:
            answer = self.dynamodb.call("Query", request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _update(
        self, key: Attributes, change: str, values: Attributes, condition: str | None = None
    ) -> Attributes | None:
        """The item as it is now, or ``None`` where the condition does not hold."""
        request: Attributes = {
            "TableName": self.table_name,
            "Key": key,
            "UpdateExpression": change,
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_NEW",
        }
        if condition is not None:
            request["ConditionExpression"] = condition
        try:
            changed: Attributes = self.dynamodb.call("UpdateItem", request)["Attributes"]
        except ConditionFailed:
            return None
        return changed


def position_key(pipeline: str, of: str = PIPELINES) -> Attributes:
    """The key of a pipeline's position."""
    return {"pk": {"S": of}, "sk": {"S": pipeline}}


def interval_key(item: IntervalItem, of: str = PIPELINES) -> Attributes:
    """The key of an interval."""
    bounds = f"{_sortable(item.interval.after)}#{_sortable(item.interval.until)}"
    return {"pk": {"S": f"{of}#{item.pipeline}"}, "sk": {"S": f"{_prefix(item.revision)}{bounds}"}}


def position_of(attributes: Mapping[str, Any]) -> Position:
    """The position of its attributes.

    Raises:
        NewerFormat: a newer release wrote it, in a form that this one can't read.
    """
    pipeline = attributes["sk"]["S"]
    POSITION.check(f"position of pipeline {pipeline}", attributes.get("f", {}).get("N"))
    return Position(
        pipeline,
        int(attributes["r"]["N"]),
        int(attributes["u"]["N"]),
        paused=attributes.get("p", {}).get("BOOL", False),
        reads={
            table: int(each["N"]) for table, each in attributes.get("x", {}).get("M", {}).items()
        },
        dropped=int(attributes.get("d", {}).get("N", 0)),
        made_of={name: each["S"] for name, each in attributes.get("m", {}).get("M", {}).items()},
    )


def interval_of(attributes: Mapping[str, Any]) -> IntervalItem:
    """The interval of its attributes.

    Raises:
        NewerFormat: a newer release wrote it, in a form or a state that this one does not know.
    """
    pipeline, key = attributes["pk"]["S"].partition("#")[2], attributes["sk"]["S"]
    label = f"interval {key} of pipeline {pipeline}"
    INTERVAL.check(label, attributes.get("f", {}).get("N"))
    _, revision, after, until = key.split("#")
    return IntervalItem(
        pipeline=pipeline,
        revision=int(revision),
        interval=Interval(int(after) - _YEAR_1, int(until) - _YEAR_1),
        state=INTERVAL.value(label, State, attributes["s"]["S"]),
        owner=attributes["o"]["S"],
        lease_until=int(attributes["l"]["N"]),
        attempts=int(attributes["a"]["N"]),
        failures=int(attributes.get("t", {}).get("N", 0)),
        rows=int(attributes["n"]["N"]) if "n" in attributes else None,
        cause=attributes.get("e", {}).get("S", ""),
        changed=int(attributes["c"]["N"]),
        keys=int(attributes["k"]["N"]) if "k" in attributes else None,
        pauses=attributes.get("h", {}).get("BOOL", False),
        accepted=_acceptance(attributes["v"]["M"]) if "v" in attributes else None,
        publication=_publication(attributes["g"]["M"]) if "g" in attributes else None,
    )


def _optional(item: IntervalItem) -> Mapping[str, Attributes | None]:
    """The attributes that an end may have; ``None`` for those that it has not."""
    told = item.accepted
    return {
        "n": None if item.rows is None else _number(item.rows),
        "k": None if item.keys is None else _number(item.keys),
        "h": {"BOOL": True} if item.pauses else None,
        "v": None
        if told is None
        else {"M": {"a": _number(told.attempt), "b": {"S": told.by}, "w": {"S": told.reason}}},
        "g": _publication_attribute(item),
    }


def _acceptance(attributes: Mapping[str, Any]) -> Acceptance:
    return Acceptance(int(attributes["a"]["N"]), attributes["b"]["S"], attributes["w"]["S"])


def _publication_attribute(item: IntervalItem) -> Attributes | None:
    began = item.publication
    if began is None:
        return None
    return {"M": {"a": _number(began.attempt), "s": _number(began.staged)}}


def _publication(attributes: Mapping[str, Any]) -> Publication:
    return Publication(int(attributes["a"]["N"]), int(attributes["s"]["N"]))


def _holder(item: IntervalItem) -> Attributes:
    return {
        ":running": {"S": State.RUNNING},
        ":owner": {"S": item.owner},
        ":attempts": _number(item.attempts),
    }


def _prefix(revision: int) -> str:
    return f"I#{revision:06}#"


def _sortable(micros: int) -> str:
    return f"{micros + _YEAR_1:020}"


def _number(value: int) -> Attributes:
    return {"N": str(value)}
