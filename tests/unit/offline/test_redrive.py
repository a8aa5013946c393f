"""Redriving failure objects, over fakes."""

from dataclasses import dataclass, field

import orjson
import pytest

from larder.errors import AccessForbidden, ServiceUnavailable
from larder.offline.redrive import Redrive, Redriven, chunks, records_of

BATCH = orjson.dumps({"version": "1.0", "payload": '{"Records":[{"n":1},{"n":2}]}'})
QUARANTINED = orjson.dumps({"reason": "was bad", "record": {"n": 3}})


@dataclass
class Objects:
    """Objects of which some are gone, or refused, after they were listed."""

    bodies: dict

    def list(self, prefix):
        return iter(sorted(key for key in self.bodies if key.startswith(prefix)))

    def read(self, key):
        if isinstance(self.bodies[key], Exception):
            raise self.bodies[key]
        return self.bodies[key]

    def delete(self, key):
        del self.bodies[key]


@dataclass
class Writer:
    """Takes every record but those it is told to refuse."""

    still_bad: set = field(default_factory=set)
    failing: set = field(default_factory=set)
    broken: bool = False
    seen: list = field(default_factory=list)

    def invoke(self, payload):
        if self.broken:
            raise ServiceUnavailable("the function failed")
        event = orjson.loads(payload)
        assert event["redrive"] is True
        numbers = [record["n"] for record in event["Records"]]
        self.seen.extend(numbers)
        bad = self.still_bad & set(numbers)
        return {
            "batchItemFailures": [{"itemIdentifier": str(n)} for n in self.failing & set(numbers)],
            "rows": len(numbers) - len(bad),
            "duplicates": 0,
            "quarantined": [{"key": "k", "reason": f"{n} is bad"} for n in bad],
            "error": None,
        }


def objects():
    return Objects({"aws/lambda/1": BATCH, "quarantine/1": QUARANTINED, "other/1": b"mine"})


def test_written_objects_are_deleted_and_others_left_alone():
    store, writer, told = objects(), Writer(), []
    results = Redrive(store, writer, told.append).run(["aws/lambda/", "quarantine/"])
    assert writer.seen == [1, 2, 3]
    assert list(store.bodies) == ["other/1"]
    assert results == told == [Redriven("aws/lambda/1", 2, 2), Redriven("quarantine/1", 1, 1)]


@pytest.mark.parametrize(
    ("writer", "problem"),
    [
        (Writer(still_bad={2}), "still not writable: 2 is bad"),
        (Writer(failing={2}), "not all records could be written: see the log"),
        (Writer(broken=True), "the function failed"),
    ],
)
def test_an_object_is_kept_until_every_record_in_it_is_written(writer, problem):
    store = objects()
    results = Redrive(store, writer).run(["aws/lambda/"])
    assert [result.problem for result in results] == [problem]
    assert "aws/lambda/1" in store.bodies


def test_an_unreadable_object_is_kept_and_stops_nothing():
    store = Objects({"aws/lambda/0": b"{not json", "aws/lambda/1": BATCH, "aws/lambda/2": b"{}"})
    results = Redrive(store, Writer()).run(["aws/lambda/"])
    assert [bool(result.problem) for result in results] == [True, False, True]
    assert "neither a failed batch" in results[2].problem


def test_an_object_that_storage_refuses_is_kept_and_stops_nothing():
    refused = AccessForbidden("not for you")
    store = Objects({"aws/lambda/0": refused, "aws/lambda/1": BATCH})
    results = Redrive(store, Writer()).run(["aws/lambda/"])
    assert results == [
        Redriven("aws/lambda/0", 0, problem="not for you"),
        Redriven("aws/lambda/1", 2, 2),
    ]


def test_an_object_that_another_run_has_written_is_no_problem():
    writer = Writer()
    results = Redrive(Objects({"aws/lambda/0": None}), writer).run(["aws/lambda/"])
    assert (results, writer.seen) == ([Redriven("aws/lambda/0", 0)], [])


def test_a_dry_run_counts_and_touches_nothing():
    store, writer = objects(), Writer()
    results = Redrive(store, writer).run(["aws/lambda/"], dry_run=True)
    assert results == [Redriven("aws/lambda/1", 2)]
    assert (writer.seen, len(store.bodies)) == ([], 3)


def test_a_payload_may_be_text_or_an_object():
    as_object = orjson.dumps({"payload": {"Records": [{"n": 1}, {"n": 2}]}})
    assert records_of(as_object) == records_of(BATCH) == [{"n": 1}, {"n": 2}]


def test_events_stay_below_the_limit_and_hold_every_record_in_order():
    records = [{"n": n, "fill": "x" * 300} for n in range(100)]
    events = list(chunks(records, limit=1000))
    assert max(map(len, events)) < 1100
    assert [r for event in events for r in orjson.loads(event)["Records"]] == records


def test_a_record_larger_than_the_limit_travels_alone():
    events = list(chunks([{"n": 1}, {"fill": "x" * 2000}, {"n": 2}], limit=1000))
    assert [len(orjson.loads(event)["Records"]) for event in events] == [1, 1, 1]
