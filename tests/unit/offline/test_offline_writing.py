"""What the offline writer does with a batch, over fakes of its ports."""

from dataclasses import dataclass, field, replace

import pytest

from larder.errors import ServiceUnavailable
from larder.groups.feature_group import FeatureDefinition, FeatureGroupStatus, FeatureType
from larder.offline.adapters.dynamodb_stream import parse_change
from larder.offline.ports import Appended, TableUnusable
from larder.offline.write import OfflineWriter
from larder.records.record import State
from tests.support.groups import FEATURES, feature_group
from tests.support.offline import NOON, WRITTEN, seconds, stream_record, version

CUSTOMERS = feature_group()
ORDERS = feature_group("orders")
VALUES = {"customer_id": "c1", "event_time": NOON}


@dataclass
class Tables:
    """Tables in memory; ``broken`` says what a group's table raises."""

    rows: dict = field(default_factory=dict)
    broken: dict = field(default_factory=dict)

    def append(self, group, rows, *, remaining):
        if group.name in self.broken:
            raise self.broken[group.name]
        table = self.rows.setdefault(group.name, {})
        fresh = {row.key: row for row in rows if row.key not in table}
        table |= fresh
        return Appended(len(fresh), len(rows) - len(fresh), 1)


@dataclass
class Registry:
    groups: dict
    reads: int = 0

    def get_by_uid(self, uid):
        self.reads += 1
        return self.groups.get(uid)


@dataclass
class Quarantine:
    kept: list = field(default_factory=list)

    def put(self, uid, change, reason):
        self.kept.append((change.sequence, reason))
        return f"quarantine/{change.sequence}"


@dataclass
class Bench:
    """A writer with its fakes."""

    registry: Registry = field(
        default_factory=lambda: Registry({each.uid: each for each in (CUSTOMERS, ORDERS)})
    )
    tables: Tables = field(default_factory=Tables)
    quarantine: Quarantine = field(default_factory=Quarantine)

    def __post_init__(self):
        self.writer = OfflineWriter(self.registry, self.tables, self.quarantine)

    def write(self, *records):
        return self.writer.write([parse_change(each) for each in records], remaining=seconds(60))

    def written(self, name="customers"):
        return sorted(self.tables.rows.get(name, {}))


def put(identifier, group=CUSTOMERS, sequence=1, **changes):
    values = VALUES | {"customer_id": identifier}
    return stream_record(group, new=version(group, values, **changes), sequence=sequence)


def key(identifier):
    return (identifier, NOON, WRITTEN)


def test_each_group_of_a_batch_gets_one_commit():
    bench = Bench()
    report = bench.write(put("c1"), put("o1", ORDERS), put("c2"))
    assert [(c.group.name, c.appended.rows) for c in report.commits] == [
        ("customers", 2),
        ("orders", 1),
    ]
    assert report.failed is None
    assert bench.written() == [key("c1"), key("c2")]


def test_the_lag_is_that_of_the_oldest_write_and_expiries_have_none():
    bench = Bench()
    expired = version(CUSTOMERS, VALUES, expires_at=WRITTEN)
    report = bench.write(
        stream_record(CUSTOMERS, old=expired, by_ttl=True), put("c2", write_time=WRITTEN + 9)
    )
    assert report.commits[0].oldest_write_time == WRITTEN + 9
    report = bench.write(stream_record(CUSTOMERS, old=expired, by_ttl=True))
    assert report.commits[0].oldest_write_time is None


def test_a_group_without_an_offline_store_gets_nothing():
    bench = Bench(Registry({CUSTOMERS.uid: replace(CUSTOMERS, offline=None)}))
    report = bench.write(put("c1"))
    assert (report.commits, report.quarantined, report.failed) == ([], [], None)


def test_a_bad_record_is_quarantined_and_the_batch_goes_on():
    bench = Bench()
    bad = put("c1", packed=b'["c1","2024-01-31T12:00:00Z","many"]', sequence=7)
    report = bench.write(put("c0"), bad, put("c2"))
    assert bench.written() == [key("c0"), key("c2")]
    ((sequence, reason),) = bench.quarantine.kept
    assert sequence.endswith("7")
    assert "'many' is not a whole number" in reason
    assert report.failed is None


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"dynamodb": {"SequenceNumber": "5"}},
        {"dynamodb": {"SequenceNumber": "5", "Keys": {"pk": {"S": "X#1#2"}}}},
        {
            "dynamodb": {
                "SequenceNumber": "5",
                "Keys": {"pk": {"S": "R#u#0"}},
                "NewImage": {"v": {"B": "W10="}},
            }
        },
        {"dynamodb": None},
        "text",
    ],
)
def test_what_is_no_change_of_the_records_table_is_quarantined(record):
    bench = Bench()
    bench.write(record, put("c1"))
    assert len(bench.quarantine.kept) == 1
    assert bench.written() == [key("c1")]


def test_an_unknown_group_is_quarantined():
    bench = Bench(Registry({}))
    bench.write(put("c1"))
    assert bench.quarantine.kept[0][1] == "no feature group has the uid 'ucustomers'"


def test_removals_of_a_purge_ask_nothing_of_the_registry():
    bench = Bench(Registry({}))
    bench.write(stream_record(CUSTOMERS, old=version(CUSTOMERS, VALUES)))
    assert (bench.registry.reads, bench.quarantine.kept) == (0, [])


def test_a_group_whose_creation_failed_is_quarantined():
    failed = replace(CUSTOMERS, status=FeatureGroupStatus.CREATE_FAILED)
    bench = Bench(Registry({CUSTOMERS.uid: failed}))
    bench.write(put("c1"))
    assert "creation of feature group customers failed" in bench.quarantine.kept[0][1]


def test_a_group_still_being_created_keeps_its_place_while_others_go_on():
    creating = replace(CUSTOMERS, status=FeatureGroupStatus.CREATING)
    bench = Bench(Registry({CUSTOMERS.uid: creating, ORDERS.uid: ORDERS}))
    report = bench.write(put("o1", ORDERS), put("c1"), put("o2", ORDERS), put("c2"))
    assert report.failed == 1
    assert bench.written("orders") == [key("o1"), key("o2")]
    bench.registry.groups[CUSTOMERS.uid] = CUSTOMERS
    assert bench.write(put("c1"), put("o2", ORDERS), put("c2")).failed is None
    assert bench.written() == [key("c1"), key("c2")]


def test_a_group_being_deleted_still_gets_what_was_acknowledged():
    bench = Bench(Registry({CUSTOMERS.uid: replace(CUSTOMERS, status=FeatureGroupStatus.DELETING)}))
    bench.write(put("c1"))
    assert bench.written() == [key("c1")]


def test_an_unusable_table_is_quarantined_without_holding_up_the_others():
    bench = Bench(tables=Tables(broken={"customers": TableUnusable("the table is gone")}))
    report = bench.write(put("c1"), put("o1", ORDERS), put("c2"))
    assert [each.reason for each in report.quarantined] == ["the table is gone"] * 2
    assert bench.written("orders") == [key("o1")]
    assert report.failed is None


def test_a_table_that_does_not_answer_is_reported_from_its_first_change():
    bench = Bench(tables=Tables(broken={"customers": ServiceUnavailable("S3 is away")}))
    report = bench.write(put("o1", ORDERS), put("c1"), put("c2"))
    assert (report.failed, str(report.error)) == (1, "S3 is away")


def test_a_batch_of_which_nothing_could_be_written_fails_as_a_whole():
    bench = Bench(tables=Tables(broken={"customers": ServiceUnavailable("S3 is away")}))
    with pytest.raises(ServiceUnavailable, match="S3 is away"):
        bench.write(put("c1"))


def test_a_group_is_read_once_until_a_record_has_a_newer_schema():
    bench = Bench()
    bench.write(put("c1"), put("c2"))
    bench.write(put("c3"))
    assert bench.registry.reads == 1
    grown = replace(CUSTOMERS, features=(*FEATURES, FeatureDefinition("new", FeatureType.STRING)))
    bench.registry.groups[CUSTOMERS.uid] = grown
    newer = version(grown, VALUES | {"customer_id": "c4", "new": "x"})
    report = bench.write(stream_record(grown, new=newer))
    assert bench.registry.reads == 2
    assert report.commits[0].group is grown


def test_delivering_a_batch_twice_changes_nothing():
    bench = Bench()
    records = [put("c1"), put("c1", state=State.SOFT_DELETED, write_time=WRITTEN + 1)]
    bench.write(*records)
    report = bench.write(*records)
    assert report.commits[0].appended == Appended(0, 2, 1)
