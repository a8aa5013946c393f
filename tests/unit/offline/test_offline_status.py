"""What is said of the offline store, and what is not."""

from dataclasses import replace

import orjson
import pytest

from larder.cli.offline import lines
from larder.errors import ResourceNotFound, ServiceUnavailable
from larder.groups.feature_group import TableFormat
from larder.offline.adapters.unwritten import UnwrittenRecords
from larder.offline.status import GroupStatus, OfflineStatus, TableState, Unwritten
from tests.support.groups import OFFLINE, feature_group
from tests.support.offline import WRITTEN, offline_group, stream_record, version

NOW = WRITTEN + 100_000_000
NOTHING = Unwritten()
STATE = TableState(10, 2, 3 << 20, 4, 77, WRITTEN + 5, WRITTEN)
GLUE = replace(OFFLINE, table_format=TableFormat.GLUE)
GROUPS = (feature_group("a"), feature_group("b"), feature_group("online", offline=None))


class Registry:
    def list(self, unread=None):
        return iter(GROUPS)

    def get(self, name):
        others = (*GROUPS, feature_group("hive", offline=GLUE))
        return next((each for each in others if each.name == name), None)


class States:
    def state(self, group):
        if group.name == "b":
            raise ServiceUnavailable("S3 did not answer")
        return STATE


def status(watermark=WRITTEN, unwritten=NOTHING):
    return OfflineStatus(Registry(), States(), lambda: watermark, lambda: unwritten, lambda: NOW)


def test_a_proven_watermark_and_a_table_that_does_not_answer():
    a, b = status().of()
    assert a == GroupStatus("a", "larder_dev.customers_1700000000", STATE, WRITTEN, 100.0)
    assert (b.state, b.watermark, b.lag_seconds) == (None, None, None)
    assert b.problem == "S3 did not answer"


@pytest.mark.parametrize(
    ("watermark", "unwritten", "words"),
    [
        (None, Unwritten(), "no round of heartbeats"),
        (WRITTEN, Unwritten({"ua"}), "redrive"),
        (WRITTEN, Unwritten(anybody="500 batches"), "500 batches"),
    ],
)
def test_what_is_not_proven_is_unknown_and_says_why(watermark, unwritten, words):
    (found,) = status(watermark, unwritten).of(["a"])
    assert (found.watermark, found.lag_seconds) == (None, None)
    assert words in found.unknown
    assert any("watermark unknown" in line for line in lines(found))


def test_records_of_another_group_in_quarantine_do_not_matter():
    (found,) = status(unwritten=Unwritten({"ub"})).of(["a"])
    assert found.watermark == WRITTEN
    assert lines(found)[-1] == "  complete up to 2023-11-14 22:13:20Z, 100 s ago"


def test_a_table_of_format_glue_has_a_watermark_and_no_account_of_its_files():
    (found,) = status().of(["hive"])
    assert (found.state, found.problem, found.watermark) == (None, None, WRITTEN)
    assert "not counted" in lines(found)[1]


@pytest.mark.parametrize("name", ["nobody", "online"])
def test_a_group_without_a_table(name):
    with pytest.raises(ResourceNotFound, match=name):
        status().of([name])


class Objects:
    def __init__(self, **bodies):
        self.bodies = {key: orjson.dumps(body) for key, body in bodies.items()}

    def list(self, prefix):
        return iter([key for key in self.bodies if key.startswith(prefix)])

    def read(self, key):
        return self.bodies[key]


def test_whose_records_are_not_written():
    group = offline_group()
    values = {"customer_id": "c1", "event_time": "2024-01-01T00:00:00Z"}
    batch = {"payload": {"Records": [stream_record(group, new=version(group, values))]}}
    registry = {"payload": {"Records": [{"dynamodb": {"Keys": {"pk": {"S": "G#customers"}}}}]}}
    found = UnwrittenRecords(
        Objects(
            **{
                "aws/lambda/1": batch,
                "aws/lambda/2": registry,
                "quarantine/uother/2024/x.json": {},
            }
        )
    )()
    assert found == Unwritten({"ucustomers", "uother"})


@pytest.mark.parametrize(
    "bodies",
    [
        {"quarantine/unknown/x.json": {}},
        {"aws/lambda/1": {"payload": "no"}},
        {f"aws/lambda/{place}": {} for place in range(101)},
    ],
)
def test_what_may_be_anybodys(bodies):
    assert UnwrittenRecords(Objects(**bodies))().anybody
