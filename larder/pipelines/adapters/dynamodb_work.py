"""The work of pipelines as items of the registry table: ``P#<pipeline>``.

``work#<revision>#<after>`` is an interval, and ``progress`` how far the pipeline is. Numbers in
keys have leading zeros, and instants are moved above 0, so that they sort. ``v`` is the version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from larder.aws.dynamodb.api import ConditionFailed, DynamoApi, Item
from larder.pipelines.sql.statement import Interval
from larder.pipelines.work import Progress, Work, WorkState

_ABOVE = 2**62


@dataclass(frozen=True, slots=True)
class DynamoWorkItems:
    """Implements ``larder.pipelines.work.WorkItems``. All reads are strongly consistent."""

    dynamodb: DynamoApi
    table_name: str

    def get(self, pipeline: str, revision: int, after: int) -> Work | None:
        item = self._item(pipeline, _work_key(revision, after))
        return None if item is None else _work(pipeline, item)

    def put(self, work: Work) -> bool:
        interval = work.interval
        return self._put(
            work.pipeline,
            _work_key(work.revision, interval.after),
            work.version,
            {
                "revision": _number(work.revision),
                "after": _number(interval.after),
                "until": _number(interval.until),
                "state": {"S": work.state.value},
                "number": _number(work.number),
                "owner": {"S": work.owner},
                "lease_until": _number(work.lease_until),
                "again": {"BOOL": work.again},
                "cause": {"S": work.cause},
                "rows": _number(work.rows),
            },
        )

    def list(self, pipeline: str, revision: int) -> Iterator[Work]:
        request: Item = {
            "TableName": self.table_name,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
            "ExpressionAttributeValues": {
                ":pk": {"S": f"P#{pipeline}"},
                ":sk": {"S": _work_prefix(revision)},
            },
            "ConsistentRead": True,
        }
        while True:
            answer = self.dynamodb.call("Query", request)
            for item in answer["Items"]:
                yield _work(pipeline, item)
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def progress(self, pipeline: str) -> Progress | None:
        item = self._item(pipeline, "progress")
        if item is None:
            return None
        planned = item.get("planned_until")
        return Progress(
            pipeline=pipeline,
            revision=int(item["revision"]["N"]),
            planned_until=None if planned is None else int(planned["N"]),
            position={table: int(each["N"]) for table, each in item["position"]["M"].items()},
            paused=bool(item["paused"]["BOOL"]),
            version=int(item["v"]["N"]),
        )

    def put_progress(self, progress: Progress) -> bool:
        planned = progress.planned_until
        attributes: Item = {
            "revision": _number(progress.revision),
            "position": {"M": {table: _number(n) for table, n in progress.position.items()}},
            "paused": {"BOOL": progress.paused},
        }
        if planned is not None:
            attributes["planned_until"] = _number(planned)
        return self._put(progress.pipeline, "progress", progress.version, attributes)

    def _item(self, pipeline: str, sort_key: str) -> Item | None:
        key = {"pk": {"S": f"P#{pipeline}"}, "sk": {"S": sort_key}}
        request = {"TableName": self.table_name, "Key": key, "ConsistentRead": True}
        return self.dynamodb.call("GetItem", request).get("Item")

    def _put(self, pipeline: str, sort_key: str, version: int, attributes: Item) -> bool:
        """Write an item's next version, if the stored one is ``version``."""
        key = {"pk": {"S": f"P#{pipeline}"}, "sk": {"S": sort_key}}
        request: Item = {
            "TableName": self.table_name,
            "Item": {**key, **attributes, "v": _number(version + 1)},
            "ConditionExpression": "v = :v" if version else "attribute_not_exists(pk)",
        }
        if version:
            request["ExpressionAttributeValues"] = {":v": _number(version)}
        try:
            self.dynamodb.call("PutItem", request)
        except ConditionFailed:
            return False
        return True


def _work(pipeline: str, item: Item) -> Work:
    return Work(
        pipeline=pipeline,
        revision=int(item["revision"]["N"]),
        interval=Interval(int(item["after"]["N"]), int(item["until"]["N"])),
        state=WorkState(item["state"]["S"]),
        number=int(item["number"]["N"]),
        owner=item["owner"]["S"],
        lease_until=int(item["lease_until"]["N"]),
        again=bool(item["again"]["BOOL"]),
        cause=item["cause"]["S"],
        rows=int(item["rows"]["N"]),
        version=int(item["v"]["N"]),
    )


def _work_prefix(revision: int) -> str:
    return f"work#{revision:010d}#"


def _work_key(revision: int, after: int) -> str:
    return f"{_work_prefix(revision)}{after + _ABOVE:020d}"


def _number(value: int) -> Item:
    return {"N": str(value)}
