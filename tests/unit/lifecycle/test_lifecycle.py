"""How a group gets to where its document says it is going, over fakes."""

from dataclasses import dataclass, field, replace

import pytest

from larder.errors import AccessForbidden, ServiceUnavailable
from larder.groups.feature_group import FeatureGroupStatus, UpdateStatus
from larder.lifecycle.advance import Lifecycle
from larder.offline.ports import TableUnusable
from larder.testing.groups import MemoryRegistry
from tests.support.groups import feature_group
from tests.support.offline import seconds

BORN = 1_700_000_000_000_000


@dataclass
class Tables:
    error: Exception | None = None
    done: list = field(default_factory=list)
    meanwhile: object = None

    def create(self, group):
        self._do("create", group)

    def evolve(self, group, *, remaining):
        self._do("evolve", group)

    def _do(self, what, group):
        if self.error:
            raise self.error
        if self.meanwhile:
            act, self.meanwhile = self.meanwhile, None
            act()
        self.done.append((what, len(group.features)))


@dataclass
class Records:
    """Records of a group: each purge call has the time for ``chunk`` of them."""

    left: int = 10
    chunk: int = 100
    error: Exception | None = None

    def purge(self, group, *, remaining):
        if self.error:
            raise self.error
        self.left = max(0, self.left - self.chunk)
        return self.left == 0


class Bench:
    def __init__(self, *groups, tables=None, records=None):
        self.registry = MemoryRegistry()
        for group in groups:
            self.registry.create(group)
        self.tables = tables or Tables()
        self.records = records or Records()
        self.now = BORN
        self.lifecycle = Lifecycle(
            registry=self.registry,
            tables=self.tables,
            records=self.records,
            group_cache_seconds=5,
            bucket="lake",
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    def sleep(self, pause):
        self.now += int(pause * 1_000_000)

    def advance(self, left=60):
        return self.lifecycle.advance("customers", remaining=seconds(left))

    @property
    def group(self):
        return self.registry.get("customers")


def creating(**changes):
    return feature_group(status=FeatureGroupStatus.CREATING, **changes)


def deleting(**changes):
    return feature_group(status=FeatureGroupStatus.DELETING, **changes)


def updating(**changes):
    return feature_group(last_update=UpdateStatus.IN_PROGRESS, **changes)


def test_a_new_group_gets_its_table_and_is_created():
    bench = Bench(creating())
    assert bench.advance()
    assert bench.group.status is FeatureGroupStatus.CREATED
    assert bench.tables.done == [("create", 5)]


def test_a_new_group_without_an_offline_store_is_created_without_a_table():
    bench = Bench(creating(offline=None))
    assert bench.advance()
    assert (bench.group.status, bench.tables.done) == (FeatureGroupStatus.CREATED, [])


def test_a_table_that_cannot_be_made_fails_the_creation_with_the_reason():
    bench = Bench(creating(), tables=Tables(TableUnusable("it already exists")))
    assert bench.advance()
    assert bench.group.status is FeatureGroupStatus.CREATE_FAILED
    assert bench.group.failure_reason == "it already exists"


def test_a_fault_that_passes_leaves_the_group_as_it_is():
    bench = Bench(creating(), tables=Tables(ServiceUnavailable("Glue is away")))
    with pytest.raises(ServiceUnavailable):
        bench.advance()
    assert bench.group.status is FeatureGroupStatus.CREATING
    bench.tables.error = None
    assert bench.advance()
    assert bench.group.status is FeatureGroupStatus.CREATED


def test_a_refused_access_is_tried_again_until_policies_had_time_to_spread():
    bench = Bench(creating(), tables=Tables(AccessForbidden("denied")))
    with pytest.raises(AccessForbidden):
        bench.advance()
    bench.now += 300_000_000
    assert bench.advance()
    assert bench.group.failure_reason == "denied"


def test_an_update_adds_the_columns_and_is_successful():
    bench = Bench(updating())
    assert bench.advance()
    assert bench.group.last_update is UpdateStatus.SUCCESSFUL
    assert bench.tables.done == [("evolve", 5)]


def test_an_update_that_is_impossible_fails_and_leaves_the_group_created():
    bench = Bench(updating(), tables=Tables(TableUnusable("no such table")))
    assert bench.advance()
    assert (bench.group.status, bench.group.last_update, bench.group.last_update_failure) == (
        FeatureGroupStatus.CREATED,
        UpdateStatus.FAILED,
        "no such table",
    )


def test_a_group_changed_meanwhile_is_looked_at_again():
    bench = Bench(updating())

    def add_a_feature():
        group = bench.group
        bench.registry.replace(replace(group, features=(*group.features, group.features[0])))

    bench.tables.meanwhile = add_a_feature
    assert bench.advance()
    assert bench.tables.done == [("evolve", 5), ("evolve", 6)]
    assert bench.group.last_update is UpdateStatus.SUCCESSFUL


def test_a_deleted_group_is_purged_only_when_no_cached_settings_can_be_left():
    bench = Bench(deleting(last_modified_time=BORN - 3_000_000))
    assert bench.advance()
    assert bench.now == BORN + 7_000_000
    assert (bench.group, bench.records.left) == (None, 0)


def test_a_deletion_without_the_time_to_wait_is_to_be_tried_again():
    bench = Bench(deleting(last_modified_time=BORN))
    assert not bench.advance(left=9)
    assert bench.group.status is FeatureGroupStatus.DELETING


def test_a_purge_goes_on_where_it_stopped():
    bench = Bench(deleting(last_modified_time=0), records=Records(left=10, chunk=4))
    assert [bench.advance(), bench.advance(), bench.advance()] == [False, False, True]
    assert bench.group is None


def test_a_deleted_group_stays_known_by_its_uid():
    bench = Bench(deleting(last_modified_time=0))
    bench.advance()
    assert bench.registry.get_by_uid("ucustomers").name == "customers"


def test_a_purge_that_is_refused_for_good_fails_the_deletion():
    records = Records(error=AccessForbidden("denied"))
    bench = Bench(deleting(last_modified_time=0), records=records)
    assert bench.advance()
    assert bench.group.status is FeatureGroupStatus.DELETE_FAILED
    assert bench.group.failure_reason == "denied"


def test_a_settled_or_unknown_group_needs_nothing():
    bench = Bench(feature_group())
    assert bench.advance()
    assert bench.lifecycle.advance("nobody", remaining=seconds(60))
    assert bench.tables.done == []


def test_the_unfinished_groups_are_those_with_work_to_do():
    bench = Bench(
        creating(),
        feature_group("settled"),
        feature_group("dying", status=FeatureGroupStatus.DELETING),
        feature_group("failed", status=FeatureGroupStatus.CREATE_FAILED),
        feature_group("growing", last_update=UpdateStatus.IN_PROGRESS),
    )
    assert bench.lifecycle.unfinished() == ["customers", "dying", "growing"]
