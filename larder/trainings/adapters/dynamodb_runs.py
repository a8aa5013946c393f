"""Runs of trainings as items of the registry table.

    T         <training>  its newest run: v version, doc the document
    T#<name>  <run id>    a run that has ended: doc the document

Format ``training-run`` (decision 0192) is that of the document, which has its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from larder.aws.dynamodb.api import ConditionFailed, DynamoApi
from larder.trainings.runs import TrainingRun

Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DynamoTrainingRuns:
    """Implements ``larder.trainings.runs.TrainingLedger``."""

    dynamodb: DynamoApi
    table_name: str

    def newest(self, training: str) -> TrainingRun | None:
        request = {
            "TableName": self.table_name,
            "Key": newest_key(training),
            "ConsistentRead": True,
        }
        found = self.dynamodb.call("GetItem", request).get("Item")
        return run_of(found) if found else None

    def put(self, run: TrainingRun) -> bool:
        request: Attributes = {
            **self._writing(newest_key(run.training), run),
            "ConditionExpression": "v = :before",
        }
        if run.version == 1:
            request["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            request["ExpressionAttributeValues"][":before"] = {"N": str(run.version - 1)}
        try:
            self.dynamodb.call("UpdateItem", request)
        except ConditionFailed:
            return False
        return True

    def keep(self, run: TrainingRun) -> None:
        key = {"pk": {"S": f"T#{run.training}"}, "sk": {"S": run.id}}
        self.dynamodb.call("UpdateItem", self._writing(key, run))

    def earlier(self, training: str) -> Iterator[TrainingRun]:
        return map(run_of, self._queried(f"T#{training}"))

    def trainings(self) -> Iterator[str]:
        return (str(each["sk"]["S"]) for each in self._queried("T"))

    def _writing(self, key: Attributes, run: TrainingRun) -> Attributes:
        return {
            "TableName": self.table_name,
            "Key": key,
            "UpdateExpression": "SET v = :v, doc = :doc",
            "ExpressionAttributeValues": {
                ":v": {"N": str(run.version)},
                ":doc": {"S": run.to_json().decode()},
            },
        }

    def _queried(self, partition: str) -> Iterator[Attributes]:
        request: Attributes = {
            "TableName": self.table_name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "ConsistentRead": True,
            "ScanIndexForward": False,
        }
        while True:
            answer = self.dynamodb.call("Query", request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def newest_key(training: str) -> Attributes:
    """The key of a training's newest run."""
    return {"pk": {"S": "T"}, "sk": {"S": training}}


def run_of(attributes: Attributes) -> TrainingRun:
    """The run of an item's attributes; raises as ``TrainingRun.from_json``."""
    return TrainingRun.from_json(attributes["doc"]["S"])
