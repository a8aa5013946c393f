"""Restoring tables to an instant: the order of steps, and what is set aside for the history."""

import orjson
import pytest

from larder.bucket_folders import SPILLED
from larder.errors import ResourceNotFound, ValidationError
from larder.offline.redrive import MAX_PAYLOAD_BYTES, records_of
from larder.recovery.restore import Restoration, Window, target_name

MOMENT = 1_795_770_000
NOW = MOMENT + 600
STAMP = "20261127T090000"


class Tables:
    """Recovery in memory: a window that moves, and tables that take a while."""

    def __init__(self, *names, latest=MOMENT + 1, earliest=0):
        self.names = set(names)
        self.latest, self.earliest = latest, earliest
        self.begun, self.settled, self.asked = [], [], 0

    def window(self, table):
        if table not in self.names:
            raise ResourceNotFound(f"there is no table {table}")
        return Window(self.earliest, self.latest)

    def exists(self, table):
        return table in self.names

    def begin(self, source, target, moment):
        self.begun.append((source, target, moment))
        self.names.add(target)

    def is_ready(self, table):
        self.asked += 1
        return self.asked > 3

    def settle(self, source, target):
        self.settled.append((source, target))
        return f"arn/{target}/stream/1"

    def pass_time(self, seconds):
        self.latest += seconds


class Items:
    def __init__(self, items=(), watermark=None):
        self.items, self.proven = items, watermark
        self.since = None

    def watermark(self, registry):
        return self.proven

    def accepted_since(self, records, micros):
        self.since = micros
        yield from self.items


def restoration(tables, items=None, written=None):
    written = {} if written is None else written
    return Restoration(
        tables=tables,
        items=items or Items(),
        write=written.__setitem__,
        report=lambda _text: None,
        clock=lambda: float(NOW),
        sleep=tables.pass_time,
    )


def item(number, value=b"x"):
    return {
        "pk": {"S": "R#u#1"},
        "sk": {"S": f"r{number}"},
        "v": {"B": value.decode()},
        "w": {"N": str(1_700_000_000_000_000 + number)},
    }


def test_tables_are_begun_side_by_side_and_settled_once_they_are_ready():
    tables = Tables("registry", "records")
    done = restoration(tables).run(["registry", "records"], MOMENT)
    names = [f"registry-at-{STAMP}", f"records-at-{STAMP}"]
    assert tables.begun == [("registry", names[0], MOMENT), ("records", names[1], MOMENT)]
    assert tables.settled == list(zip(["registry", "records"], names, strict=True))
    assert [each.stream for each in done] == [f"arn/{name}/stream/1" for name in names]


def test_an_instant_that_cannot_be_restored_yet_is_waited_for():
    tables = Tables("records", latest=MOMENT - 299)
    restoration(tables).run(["records"], MOMENT)
    assert tables.latest >= MOMENT
    assert len(tables.begun) == 1


def test_a_run_that_was_interrupted_goes_on():
    tables = Tables("records", f"records-at-{STAMP}")
    restoration(tables).run(["records"], MOMENT)
    assert tables.begun == []
    assert len(tables.settled) == 1


def test_a_table_that_is_gone_is_taken_where_it_was_restored_by_hand():
    with pytest.raises(ResourceNotFound):
        restoration(Tables()).run(["records"], MOMENT)
    tables = Tables(f"records-at-{STAMP}")
    assert restoration(tables).run(["records"], MOMENT)[0].name == f"records-at-{STAMP}"


def test_an_instant_outside_the_window_is_refused_with_the_window():
    tables = Tables("records", earliest=MOMENT + 1)
    with pytest.raises(ValidationError, match="is before 2026-11-27T09:00:01Z, the earliest"):
        restoration(tables).run(["records"], MOMENT)
    with pytest.raises(ValidationError, match="is in the future"):
        restoration(tables).run(["records"], NOW + 1)
    assert tables.begun == []


def test_a_restored_table_is_restored_under_the_first_ones_name():
    assert target_name(f"records-at-{STAMP}", MOMENT + 60) == "records-at-20261127T090100"
    assert len(target_name("x" * 255, MOMENT)) == 255


def test_what_may_not_be_offline_is_set_aside_as_failed_batches():
    written = {}
    items = Items([item(number) for number in range(3)], watermark=42)
    tail = restoration(Tables(), items, written).tail("registry", "records", MOMENT)
    assert (items.since, tail.since, tail.changes) == (42, 42, 3)
    ((key, body),) = written.items()
    assert key.startswith(f"{SPILLED}restored/{STAMP}/")
    records = records_of(body)
    assert [each["dynamodb"]["NewImage"]["sk"]["S"] for each in records] == ["r0", "r1", "r2"]
    assert records[0]["dynamodb"]["Keys"] == {"pk": {"S": "R#u#1"}, "sk": {"S": "r0"}}


def test_without_a_watermark_everything_is_set_aside():
    items = Items([item(1)])
    assert restoration(Tables(), items).tail("registry", "records", MOMENT).changes == 1
    assert items.since == 0


def test_objects_of_the_tail_are_as_large_as_one_call_of_the_writer():
    written = {}
    items = Items([item(number, b"x" * 400_000) for number in range(30)])
    tail = restoration(Tables(), items, written).tail("registry", "records", MOMENT)
    assert list(tail.keys) == sorted(written)
    assert len(written) > 1
    bodies = list(written.values())
    assert all(len(body) < MAX_PAYLOAD_BYTES + 1000 for body in bodies)
    assert sum(len(orjson.loads(each)["payload"]["Records"]) for each in bodies) == 30
