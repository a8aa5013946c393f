"""DynamoDB's point-in-time recovery: a table as it was, which ministack restores as it is now.

ministack restores a copy of the present, whatever time is asked for, with recovery or without.
Here each change of a table with recovery keeps what the item was before. A restore takes back what
came after its time. The window begins when recovery was switched on or the emulator started,
whichever is later. Many changes shorten it, and ``EarliestRestorableDateTime`` says so.
AWS keeps 35 days, and its latest time is about five minutes ago. As on AWS, the new table has
neither stream nor time to live, recovery or protection.
Source: AWS, "Restoring a DynamoDB table to a point in time", and RestoreTableToPointInTime.
"""

import copy
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import dynamodb

_MOST_CHANGES = 200_000
"""Of one table; the oldest are forgotten first."""
Answer = tuple[int, Any, Any]
Change = tuple[float, str, str, dict[str, Any] | None]
_journals: dict[str, "Journal"] = {}
"""By the identity of their tables."""


@dataclass(slots=True)
class Journal:
    """The changes of one table since ``earliest``, seconds since the epoch, oldest first.

    A change is its time, both parts of the key, and the item before it.
    """

    earliest: float
    changes: deque[Change] = field(default_factory=deque)

    def note(self, now: float, key: tuple[str, str], before: dict[str, Any] | None) -> None:
        """Keep a change."""
        self.changes.append((now, *key, before))
        if len(self.changes) > _MOST_CHANGES:
            self.earliest = self.changes.popleft()[0]

    def taken_back(self, items: dict[str, dict[str, Any]], moment: float) -> dict[str, Any]:
        """A copy of the items as they were at ``moment``."""
        then: dict[str, dict[str, Any]] = defaultdict(dict, {k: dict(v) for k, v in items.items()})
        for at, partition, sort, before in reversed(self.changes):
            if at <= moment:
                break
            if before is None:
                then[partition].pop(sort, None)
            else:
                then[partition][sort] = before
        return copy.deepcopy(then)


def install() -> None:
    """Keep changes, and answer by them."""
    dynamodb._set_item = _noting(dynamodb._set_item)
    dynamodb._remove_item = _noting(dynamodb._remove_item)
    restore, describe = dynamodb._restore_table_to_point_in_time, _describing()
    dynamodb._restore_table_to_point_in_time = lambda data: _restored(restore, data)
    dynamodb._describe_continuous_backups = describe


def _noting(change: Callable[..., Any]) -> Callable[..., Any]:
    def noted(table: dict[str, Any], partition: str, sort: str, *item: Any) -> Any:
        if journal := _journal_of(table):
            before = table["items"].get(partition, {}).get(sort)
            journal.note(time.time(), (partition, sort), before)
        return change(table, partition, sort, *item)

    return noted


def _journal_of(table: dict[str, Any]) -> Journal | None:
    """The journal of a table that has recovery; ``None`` of any other.

    A table that is made again under an old name has another identity, and nothing to take back.
    """
    if not dynamodb._pitr_settings.get(table["TableName"], False):
        _journals.pop(table["TableId"], None)
        return None
    return _journals.setdefault(table["TableId"], Journal(time.time()))


def _describing() -> Callable[[dict[str, Any]], Answer]:
    describe = dynamodb._describe_continuous_backups

    def described(data: dict[str, Any]) -> Answer:
        status, headers, body = describe(data)
        name = dynamodb._normalize_table_name(data.get("TableName"))
        journal = _journal_of(dynamodb._tables[name]) if status == 200 else None
        if journal is None:
            return status, headers, body
        answer = json.loads(body)
        recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        recovery["EarliestRestorableDateTime"] = journal.earliest
        recovery["LatestRestorableDateTime"] = time.time()
        told: Answer = json_response(answer)
        return told

    return described


def _restored(restore: Callable[[dict[str, Any]], Answer], data: dict[str, Any]) -> Answer:
    source = data.get("SourceTableName") or str(data.get("SourceTableArn")).rpartition("/")[2]
    if source not in dynamodb._tables:
        return restore(data)  # it says so
    journal = _journal_of(dynamodb._tables[source])
    if journal is None:
        return _refused("PointInTimeRecoveryUnavailableException", f"not enabled for {source}")
    moment, now = data.get("RestoreDateTime"), time.time()
    if data.get("UseLatestRestorableTime"):
        moment = now
    if moment is None or not journal.earliest <= moment <= now:
        return _refused("InvalidRestoreTimeException", f"from {journal.earliest} to {now}")
    answer = restore(data)
    if answer[0] == 200:
        table, origin = dynamodb._tables[data["TargetTableName"]], dynamodb._tables[source]
        table["items"] = journal.taken_back(origin["items"], float(moment))
        dynamodb._items_replaced(table)
        table["SSEDescription"] = copy.deepcopy(origin.get("SSEDescription"))
        table["RestoreSummary"] = {
            "SourceTableArn": origin["TableArn"],
            "RestoreDateTime": moment,
            "RestoreInProgress": False,
        }
    return answer


def _refused(code: str, why: str) -> Answer:
    told: Answer = error_response_json(code, f"Point in time recovery: {why}", 400)
    return told
