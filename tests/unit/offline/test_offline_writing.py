"""What the offline writer does with a batch, over fakes of its ports."""

from dataclasses import dataclass, field, replace

import pytest

from larder.errors import AccessForbidden, ServiceUnavailable, ThrottlingException
from larder.groups.feature_group import FeatureDefinition, FeatureGroupStatus, FeatureType
from larder.offline.adapters.dynamodb_stream import parse_change
from larder.offline.adapters.iceberg.errors import FileMissing
from larder.offline.ports import Appended, TableUnusable
from larder.offline.write import PATIENCE_MICROS, PROBE_MICROS, OfflineWriter
from larder.records.record import State
from tests.support.groups import FEATURES, feature_group
from tests.support.offline import NOON, WRITTEN, OneByOne, seconds, stream_record, version

CUSTOMERS = feature_group()
ORDERS = feature_group("orders")
ENTERED = 1_700_000_000
VALUES = {"customer_id": "c1", "event_time": NOON}


@dataclass
class Tables:
    """Tables in memory; ``broken`` says what a group's table raises."""

    rows: dict = field(default_factory=dict)
    broken: dict = field(default_factory=dict)
    tries: int = 0

    def append(self, group, rows, *, remaining):
        self.tries += 1
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
    parked: list = field(default_factory=list)

    def put(self, uid, change, reason):
        self.kept.append((change.sequence, reason))
        return f"quarantine/{change.sequence}"

    def park(self, uid, changes, reason):
        self.parked.append((uid, [int(change.sequence) for change in changes], reason))
        return f"quarantine/{uid}/parked"


@dataclass
class Bench:
    """A writer with its fakes."""

    registry: Registry = field(
        default_factory=lambda: Registry({each.uid: each for each in (CUSTOMERS, ORDERS)})
    )
    tables: Tables = field(default_factory=Tables)
    quarantine: Quarantine = field(default_factory=Quarantine)

    def __post_init__(self):
        self.now = ENTERED * 10**6
        self.writer = OfflineWriter(
            self.registry, OneByOne(self.tables), self.quarantine, clock=lambda: self.now
        )

    def write(self, *records, redriven=False):
        changes = [parse_change(each) for each in records]
        return self.writer.write(changes, remaining=seconds(60), redriven=redriven)

    def after(self, passed):
        self.now += passed * 10**6

    def written(self, name="customers"):
        return sorted(self.tables.rows.get(name, {}))


def put(identifier, group=CUSTOMERS, sequence=1, entered=ENTERED, **changes):
    values = VALUES | {"customer_id": identifier}
    return stream_record(
        group, new=version(group, values, **changes), sequence=sequence, entered=entered
    )


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


def test_an_unknown_group_is_parked():
    bench = Bench(Registry({ORDERS.uid: ORDERS}))
    bench.write(put("c1"), put("o1", ORDERS))
    assert bench.quarantine.parked == [
        ("ucustomers", [1], "no feature group has the uid 'ucustomers'")
    ]
    assert bench.written("orders") == [key("o1")]


def test_removals_of_a_purge_ask_nothing_of_the_registry():
    bench = Bench(Registry({}))
    bench.write(stream_record(CUSTOMERS, old=version(CUSTOMERS, VALUES)))
    assert (bench.registry.reads, bench.quarantine.kept) == (0, [])


def test_a_group_whose_creation_failed_is_parked():
    failed = replace(CUSTOMERS, status=FeatureGroupStatus.CREATE_FAILED)
    bench = Bench(Registry({CUSTOMERS.uid: failed}))
    bench.write(put("c1"))
    assert "creation of feature group customers failed" in bench.quarantine.parked[0][2]


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


@pytest.mark.parametrize(
    "broken",
    [
        TableUnusable("the table is gone"),
        FileMissing("metadata.json is gone"),
        KeyError("current-schema-id"),
        ValueError("Expecting value: line 1 column 1"),
        RuntimeError("a bug of the library"),
    ],
    ids=repr,
)
def test_an_unusable_table_is_parked_at_once_and_the_others_go_on(broken):
    bench = Bench(tables=Tables(broken={"customers": broken}))
    report = bench.write(put("c1", sequence=1), put("o1", ORDERS), put("c2", sequence=3))
    ((uid, sequences, reason),) = bench.quarantine.parked
    assert (uid, sequences) == ("ucustomers", [1, 3])
    assert str(broken) in reason
    assert bench.written("orders") == [key("o1")]
    assert (report.failed, report.quarantined) == (None, [])


@pytest.mark.parametrize(
    "error", [ServiceUnavailable("away"), ThrottlingException("slow"), AccessForbidden("no")]
)
def test_a_table_that_can_not_be_written_yet_holds_up_the_others_for_seconds_only(error):
    bench = Bench(tables=Tables(broken={"customers": error}))
    records = put("c1", sequence=1), put("o1", ORDERS, sequence=2), put("c2", sequence=3)
    assert bench.write(*records).failed == 0
    bench.after(PATIENCE_MICROS / 10**6 - 1)
    assert bench.write(*records).failed == 0
    bench.after(1)
    report = bench.write(*records)
    assert (report.failed, bench.quarantine.parked) == (None, [("ucustomers", [1, 3], str(error))])
    assert bench.written("orders") == [key("o1")]


def test_a_group_that_was_parked_is_not_waited_for_again_until_it_is_tried_anew():
    bench = Bench(tables=Tables(broken={"customers": TableUnusable("gone")}))
    bench.write(put("c1"))
    tried = bench.tables.tries
    bench.after(5)
    assert bench.write(put("c2", entered=ENTERED + 5)).failed is None
    assert bench.tables.tries == tried
    bench.tables.broken.clear()
    bench.after(PROBE_MICROS / 10**6)
    assert bench.write(put("c3", entered=ENTERED + 65)).failed is None
    assert bench.written() == [key("c3")]


def test_a_group_being_created_is_written_as_soon_as_it_is_although_it_was_parked():
    creating = replace(CUSTOMERS, status=FeatureGroupStatus.CREATING)
    bench = Bench(Registry({CUSTOMERS.uid: creating}))
    bench.after(60)
    assert bench.write(put("c1")).parked[0].uid == "ucustomers"
    bench.registry.groups[CUSTOMERS.uid] = CUSTOMERS
    bench.write(put("c2"))
    assert bench.written() == [key("c2")]


def test_what_is_redriven_fails_and_is_not_parked_again():
    bench = Bench(tables=Tables(broken={"customers": TableUnusable("gone")}))
    bench.write(put("c1"))
    report = bench.write(put("o1", ORDERS), put("c1"), redriven=True)
    assert (report.failed, len(bench.quarantine.parked)) == (1, 1)
    bench.tables.broken.clear()
    assert bench.write(put("c1"), redriven=True).failed is None
    assert bench.written() == [key("c1")]


def test_a_bad_record_of_a_broken_group_is_quarantined_and_the_rest_parked():
    bench = Bench(tables=Tables(broken={"customers": TableUnusable("gone")}))
    bad = put("c1", packed=b'["c1","2024-01-31T12:00:00Z","many"]', sequence=7)
    bench.write(put("c0", sequence=6), bad)
    assert [sequence for sequence, _ in bench.quarantine.kept] == [f"{7:021d}"]
    assert bench.quarantine.parked[0][1] == [6]


def test_a_registry_entry_that_can_not_be_read_is_its_groups_fault_alone():
    class Newer(Registry):
        def get_by_uid(self, uid):
            if uid == CUSTOMERS.uid:
                raise ValueError("'Hibernating' is not a valid FeatureGroupStatus")
            return super().get_by_uid(uid)

    bench = Bench(Newer({ORDERS.uid: ORDERS}))
    bench.write(put("c1"), put("o1", ORDERS))
    assert "Hibernating" in bench.quarantine.parked[0][2]
    assert bench.written("orders") == [key("o1")]


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
